import { DevboxError } from "../core/errors.ts";
import { IMAGE } from "../core/image-contract.ts";
import { quote } from "../core/text.ts";
import { usableContainer } from "./access.ts";
import type { Deps } from "./deps.ts";
import { withLease } from "./lease.ts";
import { throwUnlessRunning } from "./session.ts";

/** Exit code of the image's program `services` for a service that the box does not have. */
const NO_SUCH_SERVICE = 4;

export interface ServiceSwitch {
  readonly name: string;
  readonly service: string;
  readonly on: boolean;
}

/**
 * Turns a service of a running box on or off, now and at every later start.
 * @throws {DevboxError} BOX_NOT_FOUND, BUSY, WRONG_STATE when the box does not run, SERVICE_NOT_FOUND, ENGINE_FAILED
 */
export async function switchService(deps: Deps, { name, service, on }: ServiceSwitch): Promise<ServiceSwitch> {
  const verb = on ? "enable" : "disable";
  return withLease(deps, name, `service ${verb}`, async (box) => {
    const containerId = usableContainer(box);
    const argv = [IMAGE.programs.services, verb, service];
    const { exitCode, stderr } = await deps.engine.runProgram(containerId, { argv, user: "root" });
    if (exitCode === 0) return { name, service, on };
    await throwUnlessRunning(deps, name, containerId);
    const code = exitCode === NO_SUCH_SERVICE ? "SERVICE_NOT_FOUND" : "ENGINE_FAILED";
    throw new DevboxError(code, `${quote(service)} cannot be turned ${on ? "on" : "off"} in ${name}.`, {
      why: stderr || `exit code ${String(exitCode)}`,
      next: [`See what there is: devbox-ctl status ${name}`],
    });
  });
}
