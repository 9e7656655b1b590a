import type { DevboxError } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { SECOND } from "../../core/time.ts";
import { parseInspect } from "./parse-containers.ts";
import { classify, type PodmanCommand, runPodman, type RunOptions } from "./run.ts";

// What Podman itself neither starts nor stops: containers that other hands paused, and those that a podman which died
// while it waited for their end left as "stopping".

/** Starts a container. A paused one goes on; one that is left between its states is stopped first, as nothing else ends that. */
export async function startThoroughly(command: PodmanCommand, containerId: string, options: RunOptions): Promise<void> {
  const args = ["start", containerId];
  const refusal = await refusalOf(command, args, options);
  if (refusal === undefined) return;
  switch (await stateOf(command, containerId)) {
    case "paused":
      await runPodman(command, ["unpause", containerId], options);
      return;
    case "stopping": {
      const grace = IMAGE.stopTimeoutSeconds;
      const timeout = command.timeout + grace * SECOND;
      // One that is being removed is listed as stopping too, and cannot be stopped; what start says of it is told.
      const stop = ["stop", "--time", String(grace), containerId];
      await runPodman(command, stop, { ...options, timeout, allow: () => true });
      await runPodman(command, args, options);
      return;
    }
    default:
      throw refusal;
  }
}

/** Stops a container; a paused one has to go on for it, or nothing in it could end. */
export async function stopThoroughly(
  command: PodmanCommand,
  containerId: string,
  grace: number,
  options: RunOptions,
): Promise<void> {
  const args = ["stop", "--time", String(grace), containerId];
  const refusal = await refusalOf(command, args, options);
  if (refusal === undefined) return;
  if ((await stateOf(command, containerId)) !== "paused") throw refusal;
  await runPodman(command, ["unpause", containerId], { ...options, timeout: command.timeout });
  await runPodman(command, args, options);
}

/** Podman's refusal for the state that the container is in; whatever else fails is thrown. */
async function refusalOf(
  command: PodmanCommand,
  args: readonly string[],
  options: RunOptions,
): Promise<DevboxError | undefined> {
  const { exitCode, stderr } = await runPodman(command, args, { ...options, allow: () => true });
  if (exitCode === 0) return undefined;
  const problem = classify(args, stderr, exitCode);
  if (!/state improper/i.test(stderr)) throw problem;
  return problem;
}

async function stateOf(command: PodmanCommand, containerId: string) {
  const { stdout } = await runPodman(command, ["inspect", "--type", "container", containerId]);
  return parseInspect(stdout)?.state;
}
