import { IMAGE } from "../../core/image-contract.ts";
import { LABEL, TASK_KIND } from "../../core/labels.ts";
import { MINUTE } from "../../core/time.ts";
import type { ContainerEngine, HomeTask } from "../../ports/engine.ts";
import { idArguments } from "./arguments.ts";
import { removeThoroughly } from "./containers.ts";
import { pipePodman, type PodmanCommand, words } from "./run.ts";

type HomeTaskCalls = Pick<ContainerEngine, "homeTask" | "endHomeTasks">;

/** What root in a task may do to the files of a home, and to nothing else: there is nothing else that can be written. */
const READING = ["DAC_OVERRIDE"];
const WRITING = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"];

/** Podman calls that work on a home without its box. */
export function homeTaskCalls(command: PodmanCommand, namespace: string): HomeTaskCalls {
  const end = async (token: string): Promise<void> => {
    const filters = [`${LABEL.namespace}=${namespace}`, `${LABEL.kind}=${TASK_KIND}`, `${LABEL.id}=${token}`];
    const args = ["rm", "--force", "--time", "0", ...filters.flatMap((label) => ["--filter", `label=${label}`])];
    await removeThoroughly(command, args, { token });
  };
  return {
    endHomeTasks: end,
    homeTask(task) {
      const child = pipePodman(command, taskArguments(namespace, task), task.token);
      // Its client ends with its container.
      const watch = watchFlow(child, () => void end(task.token).catch(() => undefined));
      return {
        stdin: child.stdin,
        stdout: child.stdout,
        stderr: child.stderr,
        ended: child.then(async (result) => {
          clearInterval(watch);
          await end(task.token);
          const said = result.stderr || (result.failed ? (result.shortMessage ?? "") : "");
          return { exitCode: result.exitCode ?? 1, stderr: words(said) };
        }),
        kill: () => {
          child.stdin.destroy();
          child.stdout.destroy();
          // Its client ends with it. What cannot be removed now is removed by the next task on this home.
          end(task.token).catch(() => undefined);
        },
      };
    },
  };
}

/**
 * How long nothing may come out of a task nor go into it, in milliseconds: podman may wait for its storage for ever. Before
 * the first byte of a home of very many files it may take minutes.
 */
const STALLED = 30 * MINUTE;

/** Calls when nothing has passed for that long. */
function watchFlow({ stdin, stdout }: ReturnType<typeof pipePodman>, onStalled: () => void): NodeJS.Timeout {
  let before = -1;
  const look = () => {
    // Pipes of processes are sockets, which count.
    const { bytesWritten = 0 } = stdin as Partial<Record<"bytesWritten", number>>;
    const { bytesRead = 0 } = stdout as Partial<Record<"bytesRead", number>>;
    const passed = bytesRead + bytesWritten;
    if (passed === before) onStalled();
    before = passed;
  };
  return setInterval(look, STALLED).unref();
}

/** Arguments of `podman run` for a task. */
function taskArguments(
  namespace: string,
  { image, home, idmap, argv, user, readOnly, limits, token }: HomeTask,
): string[] {
  const [program = "", ...rest] = argv;
  const enforced = (limit: "memory" | "pids", ...args: string[]) => (limits.unenforced.includes(limit) ? [] : args);
  const capabilities = user === "dev" ? [] : readOnly ? READING : WRITING;
  return [
    ...["run", "--interactive", "--pull=never", "--restart=no", "--log-driver=none"],
    ...Object.entries({ [LABEL.namespace]: namespace, [LABEL.kind]: TASK_KIND, [LABEL.id]: token }).flatMap(
      ([key, value]) => ["--label", `${key}=${value}`],
    ),
    ...["--network=none", "--no-hosts", "--read-only"],
    ...["--cap-drop=all", ...(capabilities.length === 0 ? [] : [`--cap-add=${capabilities.join(",")}`])],
    "--security-opt=no-new-privileges",
    // What is read is anybody's, such as repositories that would fill the host's memory.
    ...enforced("memory", `--memory=${String(limits.memory)}b`, `--memory-swap=${String(limits.memory)}b`),
    ...enforced("pids", `--pids-limit=${String(limits.pids)}`),
    ...(idmap === null ? [] : idArguments(idmap)),
    ...["--user", user, "--workdir", "/"],
    // A new home stays empty until something is put into it; the image's own files would be mixed with that.
    ...["--volume", `${home}:${IMAGE.volumes.home}:${readOnly ? "ro," : ""}nocopy`],
    // In words of one locale, whatever the image has.
    ...["--env", "LC_ALL=C.UTF-8", "--env", `HOME=${IMAGE.user.home}`],
    ...["--entrypoint", JSON.stringify([program])],
    ...["--", image, ...rest],
  ];
}
