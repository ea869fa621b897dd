"""A CronJob and its volume for Kubernetes."""

import posixpath
from collections.abc import Mapping
from string import Template

from lineage.errors import SettingsError, SourceError
from lineage.schedule.attempt import MOST_RUNS
from lineage.schedule.interval import as_cron
from lineage.schedule.plan import CRAWL, Plan
from lineage.schedule.units.yaml_text import quoted
from lineage.version import __version__

_VOLUME = "/data"
_ENDED_BY_SIGTERM = 143


def manifests(plan: Plan) -> Mapping[str, str]:
    """Spell a plan as lineage.yaml: a PersistentVolumeClaim and a CronJob."""
    volume = _volume(plan)
    store = plan.store if plan.store_is_remote else posixpath.join(volume, plan.store)
    cache = posixpath.join(volume, plan.cache)
    for path in [cache] if plan.store_is_remote else [store, cache]:
        if not posixpath.normpath(path).startswith(volume + "/") or ":" in path:
            raise SettingsError(
                f"{path} does not lie on the volume {volume}",
                "name a cache in the folder of the store, or relative paths for both",
            )
    return {"lineage.yaml": f"{_HEAD}---\n{_CLAIM}---\n{_cron_job(plan, volume, store, cache)}"}


def _volume(plan: Plan) -> str:
    if plan.store_is_remote or not posixpath.isabs(plan.store):
        return _VOLUME
    return posixpath.dirname(posixpath.normpath(plan.store))


_HEAD = f"""\
# lineage {__version__}: a crawl as a CronJob, with a volume for snapshots and recorded pages.
# Build the image from this project's Dockerfile, and name it below as your cluster finds it.
# The token, if you have one, comes from a secret; without it the crawl takes twice as long:
#   kubectl create secret generic lineage --from-file=hf_token=FILE
#   kubectl apply -f lineage.yaml
"""

_CLAIM = """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: lineage
spec:
  accessModes: [ReadWriteOnce]
  resources:
    requests:
      storage: 20Gi
"""


_CRON_JOB = Template("""\
apiVersion: batch/v1
kind: CronJob
metadata:
  name: lineage
spec:
  schedule: $schedule
  timeZone: Etc/UTC
  # One run at a time; the store has a lock of its own besides.
  concurrencyPolicy: Forbid
  # A turn that was missed is made up for if there is time before the next one.
  startingDeadlineSeconds: $deadline
  jobTemplate:
    spec:
      # Exit code $again: the Hub could not be read to its end. Run again, it
      # goes on where it was.
      backoffLimit: $retries
      podFailurePolicy:
        rules:
          - action: Ignore
            onPodConditions:
              - type: DisruptionTarget
                status: "True"
          # Every other exit code asks for somebody to look: the job fails at once.
          - action: FailJob
            onExitCodes:
              containerName: lineage
              operator: NotIn
              values: [$again, $terminated]
      template:
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext:
            runAsNonRoot: true
            runAsUser: 10001
            runAsGroup: 10001
            fsGroup: 10001
            seccompProfile:
              type: RuntimeDefault
          containers:
            - name: lineage
              image: lineage:$version
              args: [$words]
              env:
$environment
                - name: HF_TOKEN
                  valueFrom:
                    secretKeyRef:
                      name: lineage
                      key: hf_token
                      optional: true
              securityContext:
                allowPrivilegeEscalation: false
                readOnlyRootFilesystem: true
                capabilities:
                  drop: [ALL]
              volumeMounts:
                - name: data
                  mountPath: $volume
                - name: tmp
                  mountPath: /tmp
          volumes:
            - name: data
              persistentVolumeClaim:
                claimName: lineage
            # While a draft is made, what its witnesses said waits in the temporary folder.
            - name: tmp
              emptyDir: {}
""")


def _cron_job(plan: Plan, volume: str, store: str, cache: str) -> str:
    return _CRON_JOB.substitute(
        schedule=quoted(as_cron(plan.every)),
        deadline=int(plan.every.total_seconds()) // 2,
        again=SourceError.exit_code,
        retries=MOST_RUNS - 1,
        terminated=_ENDED_BY_SIGTERM,
        version=__version__,
        words=", ".join(quoted(word) for word in (*CRAWL, "-v")),
        environment="\n".join(_variable(*one) for one in plan.environment(store, cache).items()),
        volume=quoted(volume),
    )


def _variable(name: str, value: str) -> str:
    blanks = " " * 16
    return f"{blanks}- name: {name}\n{blanks}  value: {_literal(value)}"


def _literal(text: str) -> str:
    """Spell a value that Kubernetes shall not expand: `$(NAME)` is a variable, `$$` a dollar."""
    return quoted(text.replace("$", "$$"))
