{{/* A CronJob with a container per retriever, and `load`, which alone has the database's Secret. */}}
{{- define "runledger.retrieverJob" -}}
{{- $root := .root }}
{{- $group := .group }}
{{- $names := list }}
{{- $longest := 0 }}
{{- $files := list }}
{{- range $retriever := $group.retrievers }}
{{- $names = append $names ($retriever.name | kebabcase | lower) }}
{{- $longest = max $longest ($retriever.timeoutSeconds | default 1200 | int64) }}
{{- range $path, $_ := $root.Files.Glob (printf "files/%s/*" $retriever.name) }}
{{- $files = append $files ($root.Files.Get $path) }}
{{- end }}
{{- end }}
{{- $wait := add $longest $root.Values.retrieverDefaults.waitSeconds }}
{{- $cronjob := printf "%s-%s" (include "runledger.fullname" $root) $group.suffix }}
---
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "runledger.cronjobName" (dict "name" $cronjob "field" $group.field) }}
  labels:
    {{- include "runledger.labels" $root | nindent 4 }}
    app.kubernetes.io/component: retrievers
spec:
  schedule: {{ $group.schedule | quote }}
  timeZone: {{ $root.Values.retrieverDefaults.timeZone | quote }}
  concurrencyPolicy: Forbid
  startingDeadlineSeconds: 3600
  jobTemplate:
    spec:
      {{- include "runledger.jobLimits" (dict "seconds" $wait) | nindent 6 }}
      template:
        metadata:
          labels:
            {{- include "runledger.labels" $root | nindent 12 }}
            app.kubernetes.io/component: retrievers
          annotations:
            checksum/scripts: {{ $files | toJson | sha256sum | quote }}
        spec:
          {{- include "runledger.podSecurity" (dict "root" $root "user" 10001) | nindent 10 }}
          restartPolicy: Never
          {{- include "runledger.placement" $root.Values.retrieverDefaults | nindent 10 }}
          containers:
            {{- range $retriever := $group.retrievers }}
            {{- $name := $retriever.name | kebabcase | lower }}
            - name: {{ $name | quote }}
              image: {{ include "runledger.imageOf" $retriever.image | quote }}
              {{- include "runledger.containerSecurity" $root | nindent 14 }}
              # What it prints is lines of JSON (docs/feeds.md); `exit` says that it ended, and how.
              command: [sh, -c]
              args:
                - |
                  cd "$OUTPUTDIR" || exit 1
                  timeout "$3" sh -c '
                    pip install --quiet --no-cache-dir --disable-pip-version-check --target /tmp/lib -r "$1/requirements.txt" >&2 &&
                      PYTHONPATH=/tmp/lib exec python "$1/$2"' retriever "$1" "$2" >stdout 2>stderr
                  code=$?
                  if [ -f stderr ]; then cat stderr >&2; fi
                  echo $code >.exit && mv .exit exit
                  exit $code
                - retriever
                - {{ $retriever.script.mountPath | quote }}
                - {{ $retriever.script.name | quote }}
                - {{ $retriever.timeoutSeconds | default 1200 | int64 | quote }}
              env:
                - {name: OUTPUTDIR, value: /output}
                - {name: HOME, value: /tmp}
                - {name: PYTHONUNBUFFERED, value: "1"}
                - {name: FEED_NAME, value: {{ $name | quote }}}
                {{- include "runledger.sourceEnv" (dict "root" $root "names" (default list $retriever.sources) "prefixes" (list "SOURCE_" "")) | nindent 16 }}
                {{- with $retriever.env }}
                {{- toYaml . | nindent 16 }}
                {{- end }}
              resources:
                {{- toYaml ($retriever.resources | default $root.Values.retrieverDefaults.resources) | nindent 16 }}
              volumeMounts:
                - {name: output, mountPath: /output, subPath: {{ $name | quote }}}
                - {name: tmp, mountPath: /tmp, subPath: {{ $name | quote }}}
                - {name: script-{{ $name }}, mountPath: {{ $retriever.script.mountPath | quote }}, readOnly: true}
            {{- end }}
            - name: load
              image: {{ include "runledger.image" $root | quote }}
              imagePullPolicy: {{ $root.Values.image.pullPolicy | quote }}
              {{- include "runledger.containerSecurity" $root | nindent 14 }}
              command: [python, run_feeds.py]
              args: [--from-each, /output, --wait, {{ $wait | quote }}, {{ range $names }}{{ . | quote }}, {{ end }}]
              env:
                {{- include "runledger.databaseEnv" (dict "root" $root "url" (include "runledger.databaseUrl" $root) "key" "password") | nindent 16 }}
                - {name: FEEDS_DIR, value: /feeds}
                {{- include "runledger.extraEnv" $root | nindent 16 }}
              resources:
                {{- toYaml $root.Values.retrieverDefaults.resources | nindent 16 }}
              volumeMounts:
                - {name: output, mountPath: /output, readOnly: true}
                - {name: feeds, mountPath: /feeds, readOnly: true}
                {{- include "runledger.mounts" $root | nindent 16 }}
          volumes:
            - {name: output, emptyDir: {sizeLimit: {{ $root.Values.retrieverDefaults.outputSize | quote }}}}
            {{- range $retriever := $group.retrievers }}
            - {name: script-{{ $retriever.name | kebabcase | lower }}, secret: {secretName: {{ $retriever.script.secret.name | quote }}, defaultMode: 0444}}
            {{- end }}
            - name: feeds
              configMap:
                name: {{ include "runledger.fullname" $root }}-retrievers
                items:
                  {{- range $name := $names }}
                  - {key: {{ $name | quote }}, path: {{ $name }}/feed.toml}
                  {{- end }}
            {{- include "runledger.volumes" $root | nindent 12 }}
{{ end }}
