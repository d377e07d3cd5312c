{{/* Where pods run; a dictionary with nodeSelector, tolerations and affinity. */}}
{{- define "runledger.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "runledger.githubEnv" -}}
{{- with .Values.github.existingSecret }}
- name: GITHUB_TOKEN
  valueFrom: {secretKeyRef: {name: {{ . }}, key: token}}
{{- end }}
{{- end }}

{{- define "runledger.extraEnv" -}}
{{- with .Values.extraEnv }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{/* What a feed or retriever sees of its sources; a dictionary of root and names. */}}
{{- define "runledger.sourceEnv" -}}
{{- $names := .names }}
{{- $prefixes := .prefixes }}
{{- range $source := .root.Values.sources }}
{{- if has $source.name $names }}
{{- $variable := include "runledger.variable" $source.name }}
{{- range $prefix := $prefixes }}
- {name: {{ $prefix }}{{ $variable }}_URL, value: {{ $source.apiUrl | quote }}}
{{- with $source.token }}
- name: {{ $prefix }}{{ $variable }}_TOKEN
  valueFrom: {secretKeyRef: {name: {{ .secretName }}, key: token}}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A Job of feeds: what all have in common; a dictionary of seconds. */}}
{{- define "runledger.jobLimits" -}}
backoffLimit: 1
activeDeadlineSeconds: {{ add .seconds 300 }}
ttlSecondsAfterFinished: 86400
{{- end }}
