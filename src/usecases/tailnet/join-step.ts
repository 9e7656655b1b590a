import type { BoxRecord } from "../../core/box.ts";
import { DevboxError, ERROR_EXIT } from "../../core/errors.ts";
import { EXIT } from "../../core/exit-codes.ts";
import { firstLabel } from "../../core/tailnet.ts";
import type { Deps } from "../deps.ts";
import type { Step } from "../journal.ts";
import type { Readiness } from "../ready.ts";
import { needContainer } from "../steps.ts";
import { join, type Joined } from "./join.ts";
import type { KeyOnce } from "./key.ts";

/** Whether boxes join a tailnet here. */
export function joinsTailnet({ config }: Pick<Deps, "config">): boolean {
  return config.tailnet.provider !== "none";
}

export interface Joining {
  readonly ready: Readiness;
  readonly key: KeyOnce;
  /** Whether the operation fails when it cannot; otherwise the box is what it was asked to be but for this. */
  readonly strict: boolean;
}

/** The step in which a box joins the tailnet; none where boxes join none. */
export function joinSteps(deps: Deps, boxId: string, { ready, key, strict }: Joining): Step[] {
  if (!joinsTailnet(deps)) return [];
  const run = async () => {
    const box = boxOf(deps, boxId);
    try {
      const { node } = await joinWhenReady(deps, box, ready, key);
      return { detail: [firstLabel(node.dnsName), ...node.addresses.slice(0, 1), node.tags.join(" ")].join(" · ") };
    } catch (error) {
      if (strict || !isOfTailnet(error)) throw error;
      return { problem: notJoined(box, error) };
    }
  };
  return [{ name: "tailnet", title: "Joined the tailnet", run }];
}

async function joinWhenReady(deps: Deps, box: BoxRecord, ready: Readiness, key: KeyOnce): Promise<Joined> {
  const tailnet = await deps.tailnet();
  if (tailnet === undefined) throw new DevboxError("TAILNET_NOT_SET_UP", "there is no tailnet to join.");
  const problems = await ready.service("tailscaled");
  // What does not run at all is explained by the program that is asked first.
  if (problems?.some((line) => line.startsWith("service tailscaled:")) === true) {
    throw new DevboxError("TAILNET_DAEMON", `tailscaled does not answer in ${box.name}.`, {
      why: problems.join("\n"),
      next: [`devbox-ctl logs ${box.name} --service tailscaled`, `devbox-ctl restart ${box.name}`],
    });
  }
  return join(deps, tailnet, { ...box, containerId: needContainer(box) }, key);
}

/** An error about keys or the tailnet, which leave a box as usable as it is without them. */
export function isOfTailnet(error: unknown): error is DevboxError {
  if (!(error instanceof DevboxError)) return false;
  const exit: number = ERROR_EXIT[error.code];
  return exit === EXIT.secrets || exit === EXIT.tailnet;
}

export function notJoined({ name }: Pick<BoxRecord, "name">, error: DevboxError): DevboxError {
  return new DevboxError("TAILNET_NOT_JOINED", `${name} runs and can be used, but it is not on the tailnet.`, {
    why: [error.message, error.why].filter(Boolean).join("\n"),
    next: [...error.next, `Then: devbox-ctl start ${name}`, `Until then: devbox-ctl ssh ${name}`],
    cause: error,
  });
}

function boxOf(deps: Deps, boxId: string): BoxRecord {
  const box = deps.ledger.boxById(boxId);
  if (box === undefined) throw new DevboxError("BOX_NOT_FOUND", "the box is gone.");
  return box;
}
