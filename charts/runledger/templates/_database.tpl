{{- define "runledger.databaseUrl" -}}
{{- if .Values.database.bundled.enabled -}}
postgresql+psycopg://runledger_listener@{{ include "runledger.fullname" . }}-database:5432/shark_dashboard_db
{{- else -}}
{{ .Values.database.url }}
{{- end }}
{{- end }}

{{- define "runledger.readUrl" -}}
{{- if .Values.database.bundled.enabled -}}
postgresql+psycopg://runledger_dashboard@{{ include "runledger.fullname" . }}-database:5432/shark_dashboard_db
{{- else -}}
{{ .Values.database.readUrl }}
{{- end }}
{{- end }}

{{- define "runledger.migrateUrl" -}}
{{- if .Values.database.bundled.enabled -}}
postgresql+psycopg://runledger_migrations@{{ include "runledger.fullname" . }}-database:5432/shark_dashboard_db
{{- else -}}
{{ .Values.database.migrateUrl | default .Values.database.url }}
{{- end }}
{{- end }}

{{/* Brings the schema up to date, by the account that may. */}}
{{- define "runledger.migrations" -}}
{{- $key := ternary "migrate-password" "password" (or .Values.database.bundled.enabled (not (empty .Values.database.migrateUrl))) }}
- name: migrations
  image: {{ include "runledger.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy | quote }}
  command: [python, local-database.py, -i]
  {{- include "runledger.containerSecurity" . | nindent 2 }}
  env:
    {{- include "runledger.databaseEnv" (dict "root" . "url" (include "runledger.migrateUrl" .) "key" $key) | nindent 4 }}
    {{- include "runledger.extraEnv" . | nindent 4 }}
  resources:
    {{- toYaml .Values.migrations.resources | nindent 4 }}
  volumeMounts:
    {{- include "runledger.mounts" . | nindent 4 }}
{{- end }}

{{/* The ports of an external database as JSON: those of a URL, else its engine's. */}}
{{- define "runledger.databasePorts" -}}
{{- $place := regexReplaceAll "^[^@]*@" . "" }}
{{- $hosts := regexFind "^[^/]*" $place }}
{{- $ports := regexFindAll ":[0-9]+(,|$)" $hosts -1 }}
{{- $ports = concat $ports (regexFindAll "[?&](port=|host=[^&]*:)[0-9]+" $place -1) }}
{{- $numbers := list }}
{{- range $port := $ports }}
{{- $numbers = append $numbers (regexReplaceAll ".*?([0-9]+),?$" $port "${1}" | int) }}
{{- end }}
{{- if not $numbers }}{{ $numbers = list (ternary 5432 3306 (hasPrefix "postgresql" .)) }}{{ end }}
{{- $numbers | uniq | toJson }}
{{- end }}

{{/* Environment of who works with the database; a dictionary of root, url and key. */}}
{{- define "runledger.databaseEnv" -}}
- {name: DATABASE_URL, value: {{ .url | quote }}}
- name: DATABASE_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ .root.Values.database.existingSecret | quote }}, key: {{ .key | quote }}}}
{{- if .root.Values.database.bundled.enabled }}
# The network policy lets nobody else reach the bundled database.
- {name: DATABASE_SSL, value: "off"}
{{- else if .root.Values.database.caSecret }}
- {name: DATABASE_SSL_CA, value: /etc/runledger/ca.crt}
{{- end }}
{{- end }}

{{- define "runledger.settings" -}}
envFrom:
  - configMapRef: {name: {{ include "runledger.fullname" . }}-settings}
  {{- with .Values.settingsSecret }}
  - secretRef: {name: {{ . | quote }}}
  {{- end }}
{{- end }}

{{/* What a container of ours may write, and the certificate that it reads. */}}
{{- define "runledger.mounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- if and .Values.database.caSecret (not .Values.database.bundled.enabled) }}
- {name: ca, mountPath: /etc/runledger, readOnly: true}
{{- end }}
{{- end }}

{{- define "runledger.volumes" -}}
- {name: data, emptyDir: {}}
- {name: tmp, emptyDir: {}}
{{- if and .Values.database.caSecret (not .Values.database.bundled.enabled) }}
- {name: ca, secret: {secretName: {{ .Values.database.caSecret | quote }}, items: [{key: ca.crt, path: ca.crt}]}}
{{- end }}
{{- end }}
