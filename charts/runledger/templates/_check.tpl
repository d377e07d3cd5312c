{{/* What a schema cannot see: keys that need one another. Each is one sentence that names the key. */}}
{{- define "runledger.check" -}}
{{- $root := . }}
{{- $own := list "DATABASE_URL" "DATABASE_READ_URL" "DATABASE_MIGRATE_URL" "DATABASE_PASSWORD" "DATABASE_SSL" "DATABASE_SSL_CA" "WEBHOOK_SECRET" "GITHUB_TOKEN" "GITHUB_APP_ID" "GITHUB_APP_PEM" "DASHBOARD_HOST" "DASHBOARD_PORT" "DASHBOARD_PASSWORD" "HOST" "PORT" "SPOOL_DIR" "FEEDS_DIR" }}
{{- $fullname := include "runledger.fullname" . }}
{{- if not (regexMatch "^[a-z][a-z0-9-]*$" $fullname) }}
{{- fail (printf "fullnameOverride: the release's name makes %q, and a Service begins with a letter and has no dot: set it" $fullname) }}
{{- end }}
{{- range $name, $_ := .Values.settings }}
{{- if has ($name | trimSuffix "_FILE") $own }}
{{- fail (printf "settings.%s: the chart sets it; database, webhook, github, listener and dashboard say with what" $name) }}
{{- end }}
{{- end }}
{{- $secret := list "ACKNOWLEDGE_TOKEN" "ALERT_DISCORD_URL" "ALERT_MATTERMOST_URL" "ALERT_SLACK_URL" "ALERT_SMTP_URL" "ALERT_TEAMS_URL" "ALERT_WEBHOOK_URL" "COPY_PASSWORD" "GITLAB_TOKEN" "GITLAB_WEBHOOK_SECRET" }}
{{- range $name, $_ := .Values.settings }}
{{- if has $name $secret }}
{{- fail (printf "settings.%s: is secret; put it into the Secret that settingsSecret names" $name) }}
{{- end }}
{{- end }}
{{- $variables := list }}
{{- range $at, $variable := .Values.extraEnv }}
{{- if has $variable.name $variables }}
{{- fail (printf "extraEnv[%d].name: %s is there twice" $at $variable.name) }}
{{- end }}
{{- $variables = append $variables $variable.name }}
{{- if has ($variable.name | trimSuffix "_FILE") (append $own "TMPDIR") }}
{{- fail (printf "extraEnv[%d].name: the chart sets %s; take another" $at $variable.name) }}
{{- end }}
{{- end }}
{{- $app := .Values.github.app | default dict }}
{{- if ne (empty $app.id) (empty $app.existingSecret) }}
{{- fail "github.app: needs both, its id and existingSecret, the Secret with its private-key.pem" }}
{{- end }}
{{- if and $app.id (not .Values.github.existingSecret) (not .Values.settingsSecret) }}
{{- fail "github.app: reads its hook's log alone; name github.existingSecret, whose token reads the rest" }}
{{- end }}
{{- with .Values.database }}
{{- if and .bundled.enabled (or .url .readUrl .migrateUrl) }}
{{- fail "database.bundled.enabled: is true, and database.url, readUrl or migrateUrl names another database: keep one" }}
{{- end }}
{{- if not (or .bundled.enabled .url) }}
{{- fail "database.url: is missing; name the database, or set database.bundled.enabled" }}
{{- end }}
{{- if and (or $root.Values.dashboard.enabled $root.Values.grafana.dataSource.enabled) (not .bundled.enabled) (not .readUrl) }}
{{- fail "database.readUrl: is missing; name the read-only account of pages and Grafana (docs/accounts.md), or set dashboard.enabled and grafana.dataSource.enabled to false" }}
{{- end }}
{{- range $key := list "url" "readUrl" "migrateUrl" }}
{{- $url := get $root.Values.database $key | default "" }}
{{- if regexMatch "//[^/@]*:[^/@]*@|[?&]passw(or)?d=" $url }}
{{- fail (printf "database.%s: holds a password; put it into the Secret database.existingSecret" $key) }}
{{- end }}
{{- if and $url (ne (hasPrefix "postgresql" $url) (hasPrefix "postgresql" $root.Values.database.url)) }}
{{- fail (printf "database.%s: is of another engine than database.url: all accounts are of one database" $key) }}
{{- end }}
{{- end }}
{{- end }}
{{- if and .Values.ingress.enabled (not .Values.ingress.host) }}
{{- fail "ingress.host: is missing; name the host that GitHub sends to" }}
{{- end }}
{{- $sources := dict }}
{{- $secrets := dict }}
{{- range $at, $source := .Values.sources }}
{{- $field := printf "sources[%d]" $at }}
{{- $variable := include "runledger.variable" $source.name }}
{{- with get $sources $variable }}
{{- fail (printf "%s.name: %q and %q both make %s: rename one" $field . $source.name $variable) }}
{{- end }}
{{- $_ := set $sources $variable $source.name }}
{{- if and $source.token $source.token.secretValue }}
{{- with get $secrets $source.token.secretName }}
{{- fail (printf "%s.token.secretName: %q is made by %s, too: take another name" $field $source.token.secretName .) }}
{{- end }}
{{- $_ := set $secrets $source.token.secretName (printf "%s.token" $field) }}
{{- end }}
{{- end }}
{{- $known := values $sources }}
{{- $feeds := list }}
{{- range $at, $feed := .Values.feeds }}
{{- if has $feed.name $feeds }}
{{- fail (printf "feeds[%d].name: %s is there twice; its CronJob can be made once" $at $feed.name) }}
{{- end }}
{{- $feeds = append $feeds $feed.name }}
{{- range $name := $feed.sources }}
{{- if not (has $name $known) }}
{{- fail (printf "feeds[%d].sources: no source is called %q" $at $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- $names := dict "load" "load" }}
{{- range $at, $retriever := .Values.retrievers }}
{{- $field := printf "retrievers[%d]" $at }}
{{- $name := include "runledger.dnsName" (dict "name" $retriever.name "field" (printf "%s.name" $field)) }}
{{- with get $names $name }}
{{- fail (printf "%s.name: %q and %q both make the container name %q: rename one" $field . $retriever.name $name) }}
{{- end }}
{{- $_ := set $names $name $retriever.name }}
{{- range $source := $retriever.sources }}
{{- if not (has $source $known) }}
{{- fail (printf "%s.sources: no source is called %q" $field $source) }}
{{- end }}
{{- end }}
{{- $taken := list "OUTPUTDIR" "HOME" "FEED_NAME" "PYTHONUNBUFFERED" }}
{{- range $source := $retriever.sources }}
{{- $variable := include "runledger.variable" $source }}
{{- range $made := list (printf "SOURCE_%s_URL" $variable) (printf "SOURCE_%s_TOKEN" $variable) (printf "%s_URL" $variable) (printf "%s_TOKEN" $variable) }}
{{- if has $made $taken }}
{{- fail (printf "%s.sources: %q and another both make %s: rename one" $field $source $made) }}
{{- end }}
{{- $taken = append $taken $made }}
{{- end }}
{{- end }}
{{- range $variable := $retriever.env }}
{{- if has $variable.name $taken }}
{{- fail (printf "%s.env: %s is set twice, or by the chart: give one another name" $field $variable.name) }}
{{- end }}
{{- $taken = append $taken $variable.name }}
{{- end }}
{{- with $retriever.script }}
{{- if hasPrefix "/tmp/" (printf "%s/" .mountPath) }}
{{- fail (printf "%s.script.mountPath: %q is the retriever's scratch space: take another" $field .mountPath) }}
{{- end }}
{{- if ne (.secret.create | toString) "false" }}
{{- with get $secrets .secret.name }}
{{- fail (printf "%s.script.secret.name: %q is made by %s, too: take another name" $field $retriever.script.secret.name .) }}
{{- end }}
{{- $_ := set $secrets .secret.name (printf "%s.script" $field) }}
{{- range $file := list .name "requirements.txt" }}
{{- if not ($root.Files.Glob (printf "files/%s/%s" $retriever.name $file)) }}
{{- fail (printf "%s.script: files/%s/%s is missing beside Chart.yaml" $field $retriever.name $file) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- $yours := dict "database.existingSecret" .Values.database.existingSecret "webhook.existingSecret" .Values.webhook.existingSecret "dashboard.existingSecret" .Values.dashboard.existingSecret "github.existingSecret" .Values.github.existingSecret "github.app.existingSecret" $app.existingSecret "settingsSecret" .Values.settingsSecret "database.caSecret" .Values.database.caSecret }}
{{- range $key, $secret := $yours }}
{{- with get $secrets ($secret | default "") }}
{{- fail (printf "%s: would make the Secret %q, which is yours by %s: take another name" . $secret $key) }}
{{- end }}
{{- end }}
{{- end }}
