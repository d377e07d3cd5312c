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
  valueFrom: {secretKeyRef: {name: {{ . | quote }}, key: token}}
{{- end }}
{{- end }}

{{/* A GitHub App and its private key: for the listener, whose reconciler reads the App's hook log. */}}
{{- define "runledger.appEnv" -}}
{{- with (.Values.github.app | default dict).id }}
- {name: GITHUB_APP_ID, value: {{ . | quote }}}
- {name: GITHUB_APP_PEM, value: /etc/runledger-app/private-key.pem}
{{- end }}
{{- end }}

{{- define "runledger.appMounts" -}}
{{- if (.Values.github.app | default dict).id }}
- {name: app, mountPath: /etc/runledger-app, readOnly: true}
{{- end }}
{{- end }}

{{- define "runledger.appVolumes" -}}
{{- if (.Values.github.app | default dict).id }}
- {name: app, secret: {secretName: {{ .Values.github.app.existingSecret | quote }}, defaultMode: 0440, items: [{key: private-key.pem, path: private-key.pem}]}}
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
  valueFrom: {secretKeyRef: {name: {{ .secretName | quote }}, key: token}}
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
