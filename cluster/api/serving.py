"""Serving: the API deployed on Ray Serve, watched, deployed again where it is lost, and ended in time."""

import logging
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from cluster.api.deployment import APPLICATION, DEPLOYMENT, REPLICAS, api_application, version_of
from cluster.api.settings import ApiSettings
from cluster.errors import ClusterFault, SettingError, StartError
from cluster.proxy_answers import middlewares
from cluster.ray_connection import one_line
from cluster.ray_session import RaySession
from market import Clock

__all__ = ["Serving"]

_logger = logging.getLogger(__name__)
_QUIET = {"encoding": "JSON", "log_level": "WARNING", "enable_access_log": False}
_CONTROLLER = {
    "runtime_env": {
        "env_vars": {
            # Else a proxy that was killed is missed for half a minute.
            "RAY_SERVE_PROXY_HEALTH_CHECK_PERIOD_S": "1",
            "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "5",
            "RAY_SERVE_HTTP_PROXY_CALLBACK_IMPORT_PATH": f"{middlewares.__module__}.{middlewares.__name__}",
        }
    }
}
_NAMESPACE = "serve"
_ASK_S = 3.0
_START_S = 90.0
_LOOK_EVERY_S = 1.0
_LOOKS = 5
_LOOK_S = 10.0
_SLICE_S = 0.1
_REQUEST_S = 60.0
_KEEP_ALIVE_S = 75
_FIRST_DELAY_S, _LONGEST_DELAY_S = 0.5, 10.0
_GRACE_S, _STOP_S = 3.0, 3.5


class Serving:
    """Keeps the deployment up; for the main thread of a process that has joined Ray.

    Every call of Ray that may wait for long is made in a thread of its own, so that `stop` is heard at any time.

    Parameters
    ----------
    settings : ApiSettings
        Where it listens.
    told : Path
        What replicas are told (`cluster.api.replica_settings`).
    session : RaySession
        Ray, started or joined.
    clock : Clock
        The time.
    chore : callable, optional
        Called once a second.
    """

    def __init__(
        self,
        settings: ApiSettings,
        told: Path,
        session: RaySession,
        clock: Clock,
        chore: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings = settings
        self._told = told
        self._session = session
        self._clock = clock
        self._chore = chore
        self._stop = threading.Event()
        self._served = False

    def stop(self) -> None:
        """Let `run` end; safe in a signal handler."""
        self._stop.set()

    def run(self) -> None:
        """Keep the API up until `stop`, then end it.

        Raises
        ------
        ClusterFault
            If Ray is gone.
        StartError
            If the API does not come up.
        """
        delay_s = _FIRST_DELAY_S
        try:
            while not self._stop.is_set():
                trouble = self._served_well()
                if self._stop.is_set():
                    return
                if not self._session.alive():
                    raise ClusterFault("Ray is gone, and the API with it")
                if not self._served:
                    raise StartError(f"the API did not come up: {trouble}")
                _logger.warning("the API is lost (%s): deployed again in %.1f s", trouble, delay_s)
                self._stop.wait(delay_s)
                delay_s = min(2 * delay_s, _LONGEST_DELAY_S)
        finally:
            self._apart(self._end, _STOP_S, heed_stop=False)

    def _served_well(self) -> str:
        """Deploy, and watch until something is wrong.

        Returns
        -------
        str
            What is wrong.

        Raises
        ------
        SettingError
            If it cannot listen where it is told to: somebody must mend that.
        """
        seen = 0
        try:
            self._apart(self._deploy, _START_S)
            self._await_replicas()
            while not self._stop.is_set():
                self._chore()
                trouble = self._apart(_trouble, _LOOK_S)
                seen = seen + 1 if trouble else 0
                if seen >= _LOOKS:  # Serve mends most by itself
                    return str(trouble)
                self._stop.wait(_LOOK_EVERY_S)
        except SettingError:
            raise
        except Exception as error:  # Ray raises whatever it met
            return one_line(error)
        return "stopped"

    def _deploy(self) -> None:
        """Start Serve if need be, and deploy the API; replicas of the same version are left alone."""
        from ray import serve
        from ray.serve.context import _get_global_client  # what `serve.start` itself looks at

        listen = self._settings.listen
        options = {
            "host": listen.host,
            "port": self._settings.port,
            "request_timeout_s": _REQUEST_S,
            "keep_alive_timeout_s": _KEEP_ALIVE_S,
            "ssl_certfile": listen.certificate,
            "ssl_keyfile": listen.key,
        }
        try:
            present = _get_global_client().http_config
        except Exception:  # none runs, whatever Serve calls it
            self._check_port()
        else:
            if any(getattr(present, name) != value for name, value in options.items()):
                _logger.info("Serve listens elsewhere: it is started again")
                serve.shutdown()
        serve.start(
            proxy_location="HeadOnly", http_options=options, logging_config=_QUIET, controller_options=_CONTROLLER
        )
        if _is_deployed(version_of(self._told)):
            return
        target = serve.RunTarget(api_application(self._told), name=APPLICATION, route_prefix="/")
        serve.run_many([target], wait_for_ingress_deployment_creation=False, wait_for_applications_running=False)

    def _check_port(self) -> None:
        """Look whether the port is free, unless something of Serve's may still have it.

        Raises
        ------
        SettingError
            If it is not.
        """
        import ray

        if self._served or any(
            one["namespace"] == _NAMESPACE for one in ray.util.list_named_actors(all_namespaces=True)
        ):
            return
        host, port = self._settings.listen.host, self._settings.port
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                raise SettingError(
                    f"EVOQ_HTTP_PORT must be free, {host}:{port} is not ({error.strerror}): stop what listens there, or"
                    " set another"
                ) from error

    def _await_replicas(self) -> None:
        """Wait until the API answers.

        Raises
        ------
        StartError
            If it does not.
        """
        until = self._clock.monotonic() + _START_S
        trouble: Any = "not asked"
        while not self._stop.is_set():
            trouble = self._apart(_trouble, _LOOK_S)
            if not trouble:
                break
            if self._clock.monotonic() > until or "DEPLOY_FAILED" in str(trouble):
                raise StartError(str(trouble))
            self._stop.wait(_SLICE_S)
        if not self._stop.is_set():
            _logger.info("the API answers at %s", self._settings.url)
            self._served = True

    def _apart(self, work: Callable[[], Any], patience_s: float, *, heed_stop: bool = True) -> Any:
        """Do something in a thread, and wait for it, but not after `stop`.

        Parameters
        ----------
        work : callable
            What to do.
        patience_s : float
            How long to wait.
        heed_stop : bool
            Whether `stop` ends the wait.

        Returns
        -------
        Any
            What `work` returned; None after `stop`.

        Raises
        ------
        TimeoutError
            If it takes longer.
        """
        outcome: list[Any] = []
        failure: list[BaseException] = []

        def do() -> None:
            try:
                outcome.append(work())
            except BaseException as error:  # raised again by whoever waits
                failure.append(error)

        thread = threading.Thread(target=do, daemon=True)
        thread.start()
        until = self._clock.monotonic() + patience_s
        while thread.is_alive():
            thread.join(_SLICE_S)
            if heed_stop and self._stop.is_set():
                return None
            if self._clock.monotonic() > until:
                raise TimeoutError(f"Ray Serve did not answer in {patience_s:g} s")
        if failure:
            raise failure[0]
        return outcome[0]

    def _end(self) -> None:
        """End the deployment: in order if that is quick, else its processes are ended."""
        import ray
        from ray.serve.context import _get_global_client

        with suppress(Exception):  # Ray raises whatever it met; what is left is ended below
            client: Any = _get_global_client()
            client.shutdown(timeout_s=_GRACE_S)
        with suppress(Exception):  # and what is left then ends with Ray
            for actor in ray.util.list_named_actors(all_namespaces=True):
                if actor["namespace"] == _NAMESPACE:
                    with suppress(ValueError):
                        ray.kill(ray.get_actor(actor["name"], _NAMESPACE))


def _is_deployed(wanted: str) -> bool:
    """Return whether replicas of a version answer, left by a watch before this one."""
    from ray import serve

    if _trouble():
        return False
    try:
        handle: Any = serve.get_app_handle(APPLICATION)
        return bool(handle.deployed_version.remote().result(timeout_s=_ASK_S) == wanted)
    except Exception:  # an older version does not know the question
        return False


def _trouble() -> str:
    """Return what is wrong with the deployment; empty if nothing is."""
    from ray import serve

    status = serve.status()
    application = status.applications.get(APPLICATION)
    if application is None:
        return "it is not deployed"
    deployment = application.deployments.get(DEPLOYMENT)
    running = 0 if deployment is None else deployment.replica_states.get("RUNNING", 0)
    proxies = [str(getattr(state, "value", state)) for state in status.proxies.values()]
    if "HEALTHY" not in proxies:
        return f"no proxy is healthy: {', '.join(proxies) or 'none'}"
    if running == 0:
        why = "" if deployment is None else f"{deployment.status}: {deployment.message}"
        return f"none of {REPLICAS} replicas runs; {application.status} {application.message} {why}".strip()
    return ""
