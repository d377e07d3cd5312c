{{- define "runledger.fullname" -}}
{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "runledger.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "runledger.labels" -}}
{{ include "runledger.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | quote }}
{{- end }}

{{- define "runledger.image" -}}
{{- include "runledger.imageOf" (dict "name" .Values.image.repository "tag" (.Values.image.tag | default .Chart.AppVersion) "digest" .Values.image.digest) }}
{{- end }}

{{/* An image; a digest, where there is one, decides. */}}
{{- define "runledger.imageOf" -}}
{{ .name }}:{{ .tag }}{{ with .digest }}@{{ . }}{{ end }}
{{- end }}

{{/* What the restricted profile asks of a pod; a dictionary of root and user. */}}
{{- define "runledger.podSecurity" -}}
automountServiceAccountToken: false
{{- with .root.Values.serviceAccount.name }}
serviceAccountName: {{ . | quote }}
{{- end }}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .user }}
  runAsGroup: {{ .user }}
  fsGroup: {{ .user }}
  seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "runledger.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* The name of a feed, container and folder that comes of a name; it refuses what is none. */}}
{{- define "runledger.dnsName" -}}
{{- $made := .name | kebabcase | lower }}
{{- if not (regexMatch "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$" $made) }}
{{- fail (printf "%s: %q makes the container name %q, which is not of at most 40 lower-case letters, digits and -, begun by a letter" .field .name $made) }}
{{- end }}
{{- $made }}
{{- end }}

{{- define "runledger.variable" -}}
{{- . | kebabcase | upper | replace "-" "_" }}
{{- end }}

{{- define "runledger.cronjobName" -}}
{{- if gt (len .name) 52 }}
{{- fail (printf "%s: the CronJob %q has %d letters, and may have 52: shorten it, or set fullnameOverride" .field .name (len .name)) }}
{{- end }}
{{- .name }}
{{- end }}
