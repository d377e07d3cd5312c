"""Where a delivery's and a page's time goes, as flame graphs."""
