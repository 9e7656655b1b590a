import { CONTRACT_LABEL, IMAGE } from "../../core/image-contract.ts";
import { clipped } from "../../core/text.ts";
import type { ImageSettings } from "../../ports/engine.ts";
import type { Finding } from "../doctor/finding.ts";

/** What an image says of itself, held against the contract. */
export function checkSettings(settings: ImageSettings): Finding[] {
  const { labels, entrypoint, stopSignal, volumes, user } = settings;
  const contract = labels[CONTRACT_LABEL];
  const wanted = String(IMAGE.contract);
  const label = `${CONTRACT_LABEL}=${wanted}`;
  return [
    finding(
      `its label says ${label}`,
      contract === wanted,
      contract === undefined ? "it has none" : `it says ${clipped(contract)}`,
    ),
    finding(
      `its entry point is ${IMAGE.entrypoint.join(" ")}`,
      JSON.stringify(entrypoint) === JSON.stringify(IMAGE.entrypoint),
      `it is ${clipped(entrypoint.join(" ") || "not set")}`,
    ),
    finding("it stops on SIGTERM", ["SIGTERM", "15", ""].includes(stopSignal), `it says ${clipped(stopSignal)}`),
    finding("it starts as root", ["", "0", "root", "0:0", "root:root"].includes(user), `it says ${clipped(user)}`),
    finding(
      "it declares no volumes, which nobody would remove",
      volumes.length === 0,
      `it declares ${volumes.map((path) => clipped(path)).join(", ")}`,
    ),
  ];
}

function finding(promise: string, isKept: boolean, problem: string): Finding {
  const check = "image";
  return isKept
    ? { check, status: "pass", text: promise }
    : { check, status: "problem", text: `not so: ${promise}\n${problem}` };
}
