import type { BoxRecord } from "../../core/box.ts";
import { IMAGE } from "../../core/image-contract.ts";
import type { LifecyclePolicy } from "../../core/lifecycle/facts.ts";
import { policySentence } from "../../core/lifecycle/sentences.ts";
import { firstLabel } from "../../core/tailnet.ts";
import { took } from "../../core/time.ts";
import type { CreateResult } from "../../usecases/create.ts";
import type { Style } from "../style.ts";
import { boxJson } from "./box.ts";
import { enabledJson, presentEnabled } from "./syncthing.ts";
import { facts } from "./table.ts";

interface Made {
  /** How long it took, in milliseconds. */
  readonly span: number;
  readonly policy: LifecyclePolicy;
}

/** The end of `create`, after its steps: what one does with the box now. */
export function presentCreate(style: Style, result: CreateResult, { span, policy }: Made): string {
  const { name, desired, device } = result.box;
  if (desired === "stopped") {
    return `\n  ${style.strong(name)} is created, and stopped.\n    start        devbox-ctl start ${name}`;
  }
  return [
    "",
    `  ${style.strong(name)} is ready (${took(span)})`,
    facts(style, [
      ["  shell", `devbox-ctl ssh ${name}`],
      [
        "  tailnet",
        device && `ssh dev@${firstLabel(device.dnsName)}   ${style.faint(device.addresses[0] ?? "")}`.trimEnd(),
      ],
      ["  command", `devbox-ctl exec ${name} -- make test`],
      ["  files", `devbox-ctl cp FILE ${name}:workspace/`],
      ["  editor", result.ready.includes("code-server") ? editor(result.box) : undefined],
    ]),
    `  ${policySentence(policy)}`,
    ...(result.syncthing === undefined ? [] : ["", presentEnabled(style, { name, ...result.syncthing })]),
  ].join("\n");
}

/** Where its editor is: on the tailnet for whoever is on it, and by a forwarded port for everybody. */
function editor({ name, device }: BoxRecord): string {
  const [port] = IMAGE.services["code-server"].ports;
  const forwarded = `devbox-ctl open ${name}`;
  return device && port !== undefined
    ? `http://${firstLabel(device.dnsName)}:${String(port)}   or ${forwarded}`
    : forwarded;
}

/** `create --json`; its schema is docs/json/create.schema.json. */
export function createJson(result: CreateResult) {
  return {
    box: boxJson(result.box),
    state: result.box.desired,
    slots: result.slots,
    notEnforced: [...result.unenforced],
    services: [...result.ready],
    syncthing: result.syncthing === undefined ? null : enabledJson({ name: result.box.name, ...result.syncthing }),
  };
}
