{{/* The name of everything, and of one role: dict "top" . "role" "serve" */}}
{{- define "fanzha.fullname" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "fanzha.name" -}}
{{ include "fanzha.fullname" .top }}-{{ .role }}
{{- end }}

{{- define "fanzha.selector" -}}
app.kubernetes.io/name: {{ .top.Chart.Name }}
app.kubernetes.io/instance: {{ .top.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "fanzha.labels" -}}
{{ include "fanzha.selector" . }}
app.kubernetes.io/version: {{ .top.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .top.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .top.Chart.Name .top.Chart.Version }}
{{- end }}

{{- define "fanzha.image" -}}
{{ .Values.image.repository }}
{{- if .Values.image.digest }}@{{ .Values.image.digest }}{{ else }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{ end }}
{{- end }}

{{/* Settings of one role as variables: dict "top" . "role" "serve" */}}
{{- define "fanzha.environment" -}}
{{- $top := .top }}{{ $values := $top.Values }}
{{- $plain := and (eq .role "serve") $values.serve.plaintext }}
- name: FANZHA_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ required "store.urlSecret.name: the Secret with redis_url" $values.store.urlSecret.name }}, key: {{ $values.store.urlSecret.key }}}}
{{- $settings := dict
    "data_dir" "/data/fanzha"
    "metrics_host" "0.0.0.0"
    "log_format" "json" }}
{{- if $plain }}
{{- $_ := set $settings "decisions_plaintext" true }}
{{- $_ := set $settings "metrics_plaintext" true }}
{{- else }}
{{- $_ := set $settings "tls_certificate" "/etc/fanzha/tls/tls.crt" }}
{{- $_ := set $settings "tls_key" "/etc/fanzha/tls/tls.key" }}
{{- $_ := set $settings "tls_client_ca" "/etc/fanzha/tls/ca.crt" }}
{{- $_ := set $settings "tls_client_ports" $values.tls.clientPorts }}
{{- $_ := set $settings "identities_file" "/etc/fanzha/identities/identities.toml" }}
{{- if $values.identities.tokenIssuer }}
{{- $_ := set $settings "jwks_file" "/etc/fanzha/identities/jwks.json" }}
{{- $_ := set $settings "token_issuer" $values.identities.tokenIssuer }}
{{- end }}
{{- end }}
{{- if $values.decisionLog.existingClaim }}{{ $_ := set $settings "decision_log_dir" "/decisions/fanzha" }}{{ end }}
{{- if eq .role "serve" }}
{{- $_ := set $settings "listen_host" "0.0.0.0" }}
{{- $_ := set $settings "workers" $values.serve.workers }}
{{- else if eq .role "admin" }}
{{- $_ := set $settings "admin_host" "0.0.0.0" }}
{{- else if eq .role "warn" }}
{{- $_ := set $settings "warning_host" "0.0.0.0" }}
{{- else }}
{{- $_ := set $settings "console_host" "0.0.0.0" }}
{{- $_ := set $settings "console_names" (join "," $values.console.names) }}
{{- $_ := set $settings "console_tls_ca" "/etc/fanzha/tls/ca.crt" }}
{{- $_ := set $settings "console_client_certificate" "/etc/fanzha/client/tls.crt" }}
{{- $_ := set $settings "console_client_key" "/etc/fanzha/client/tls.key" }}
{{- $_ := set $settings "console_decision_target" (printf "%s:7361" (include "fanzha.name" (dict "top" $top "role" "serve"))) }}
{{- $_ := set $settings "console_admin_target" (printf "%s:7362" (include "fanzha.name" (dict "top" $top "role" "admin"))) }}
{{- $_ := set $settings "console_warning_target" (printf "%s:7365" (include "fanzha.name" (dict "top" $top "role" "warn"))) }}
{{- end }}
{{- $own := index $values .role }}
{{- range $name, $value := mergeOverwrite $settings (deepCopy $values.settings) (deepCopy $own.settings) }}
{{- /* Numbers of values come as floats, which print as 1e+06. */}}
- name: FANZHA_{{ upper $name }}
  value: {{ if and (kindIs "float64" $value) (eq $value (floor $value)) }}{{ $value | int64 | toString | quote }}{{ else }}{{ $value | toString | quote }}{{ end }}
{{- end }}
{{- if not $plain }}
# Of probes, and of commands that are run in the container.
- {name: FANZHA_TLS_CA, value: /etc/fanzha/tls/ca.crt}
- {name: FANZHA_TLS_CLIENT_CERTIFICATE, value: /etc/fanzha/client/tls.crt}
- {name: FANZHA_TLS_CLIENT_KEY, value: /etc/fanzha/client/tls.key}
{{- end }}
{{- end }}

{{- define "fanzha.mounts" -}}
- {name: data, mountPath: /data}
- {name: tmp, mountPath: /tmp}
{{- if .top.Values.decisionLog.existingClaim }}
- {name: decisions, mountPath: /decisions}
{{- end }}
{{- if not (and (eq .role "serve") .top.Values.serve.plaintext) }}
- {name: tls, mountPath: /etc/fanzha/tls, readOnly: true}
- {name: identities, mountPath: /etc/fanzha/identities, readOnly: true}
- {name: client, mountPath: /etc/fanzha/client, readOnly: true}
{{- end }}
{{- range .top.Values.files }}
- {name: {{ printf "file-%s" .name }}, mountPath: {{ printf "/etc/fanzha/%s" .name }}, readOnly: true}
{{- end }}
{{- end }}

{{/* All volumes but `data`. */}}
{{- define "fanzha.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: 1Gi}}
{{- if .top.Values.decisionLog.existingClaim }}
- {name: decisions, persistentVolumeClaim: {claimName: {{ .top.Values.decisionLog.existingClaim }}}}
{{- end }}
{{- if not (and (eq .role "serve") .top.Values.serve.plaintext) }}
- {name: tls, secret: {secretName: {{ required "tls.secretName: the Secret with tls.crt, tls.key and ca.crt" .top.Values.tls.secretName }}, defaultMode: 0440}}
- {name: identities, secret: {secretName: {{ required "identities.secretName: the Secret with identities.toml" .top.Values.identities.secretName }}, defaultMode: 0440}}
- {name: client, secret: {secretName: {{ required "probes.clientSecretName: the Secret with the certificate of probes" .top.Values.probes.clientSecretName }}, defaultMode: 0440}}
{{- end }}
{{- range .top.Values.files }}
- name: {{ printf "file-%s" .name }}
  {{- if .secretName }}
  secret: {secretName: {{ .secretName }}, defaultMode: 0440}
  {{- else }}
  configMap: {name: {{ .configMapName }}}
  {{- end }}
{{- end }}
{{- end }}

{{/* Who a pod runs as, and where: dict "top" . "role" "serve" */}}
{{- define "fanzha.pod" -}}
{{- $own := index .top.Values .role }}
serviceAccountName: {{ include "fanzha.fullname" .top }}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # Else Kubernetes opens the key of the audit log to the group at each start, and it is refused.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
# Longer than drainDelaySeconds and drain_seconds together.
terminationGracePeriodSeconds: {{ add 60 .top.Values.drainDelaySeconds }}
{{- with .top.Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .top.Values.image.pullSecrets }}
imagePullSecrets: {{ toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- range tuple "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{ include "fanzha.selector" $ | nindent 8 }}
  {{- end }}
{{- with $own.nodeSelector }}
nodeSelector: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $own.tolerations }}
tolerations: {{ toYaml . | nindent 2 }}
{{- end }}
{{- with $own.affinity }}
affinity: {{ toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* The container of one role: dict "top" . "role" "serve" "port" 7361 "metrics" 7363 */}}
{{- define "fanzha.container" -}}
{{- $own := index .top.Values .role }}{{ $probes := .top.Values.probes }}
name: fanzha
image: {{ include "fanzha.image" .top | quote }}
imagePullPolicy: {{ .top.Values.image.pullPolicy }}
args: [{{ .role }}]
env: {{ include "fanzha.environment" . | nindent 2 }}
ports:
  - {name: {{ ternary "console" "grpc" (eq .role "console") }}, containerPort: {{ .port }}}
  {{- with .metrics }}
  - {name: metrics, containerPort: {{ . }}}
  {{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
resources: {{ toYaml $own.resources | nindent 2 }}
volumeMounts: {{ include "fanzha.mounts" . | nindent 2 }}
lifecycle: {preStop: {sleep: {seconds: {{ .top.Values.drainDelaySeconds }}}}}
{{- range $kind, $more := dict "startup" (dict "failureThreshold" 60) "readiness" (dict "failureThreshold" 2) "liveness" (dict "failureThreshold" 6) }}
{{ $kind }}Probe:
  {{- if eq $.role "console" }}
  httpGet: {path: /health, port: console, scheme: HTTPS, httpHeaders: [{name: Host, value: localhost}]}
  {{- else if eq $kind "liveness" }}
  # A process that lives and has no lists must not be killed for it: readiness asks for those.
  tcpSocket: {port: grpc}
  {{- else if and (eq $.role "serve") $.top.Values.serve.plaintext }}
  grpc: {port: {{ $.port }}}
  {{- else }}
  # Kubernetes' own gRPC probe speaks no TLS.
  exec: {command: [fanzha, check, health, --target, "127.0.0.1:{{ $.port }}", --timeout, "{{ $probes.timeoutSeconds }}"]}
  {{- end }}
  periodSeconds: {{ ternary 2 $probes.periodSeconds (eq $kind "startup") }}
  timeoutSeconds: {{ add 2 $probes.timeoutSeconds }}
  failureThreshold: {{ $more.failureThreshold }}
{{- end }}
{{- end }}
