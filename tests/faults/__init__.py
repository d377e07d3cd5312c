"""Every fault that a programme injects, one by one: does `--check` tell it, and say what helps?"""
