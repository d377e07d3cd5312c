"""The chart, tried by real helm and kubectl on a fake API server, its pods run as processes.

Comes in: charts/runledger, values. Goes out: objects, judged by Kubernetes' schemas and by sense.
"""
