import type { BoxRecord } from "../../core/box.ts";
import type { BoxService } from "../../core/services.ts";
import { visibleBoxes } from "../access.ts";
import type { Deps } from "../deps.ts";
import { servicesOf } from "../services.ts";
import type { Finding } from "./finding.ts";

/** Boxes that are asked at the same time. */
const AT_ONCE = 4;

/** Services that keep failing in the caller's running boxes, with what they said last. */
export async function checkServices(deps: Deps): Promise<Finding[]> {
  const queue = visibleBoxes(deps).filter((box) => box.phase === "ready" && box.desired === "running");
  const findings: Finding[] = [];
  const work = async (): Promise<void> => {
    for (let box = queue.shift(); box !== undefined; box = queue.shift()) findings.push(...(await ask(deps, box)));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return findings.sort((a, b) => (a.text < b.text ? -1 : 1));
}

/** A box that does not answer is somebody else's finding: it is stopped, gone, or about to be. */
async function ask(deps: Deps, box: BoxRecord): Promise<Finding[]> {
  const services = box.containerId === undefined ? undefined : await servicesOf(deps, box.containerId);
  return (services ?? []).filter(({ state }) => state === "failing").map((service) => finding(box, service));
}

function finding({ name: box }: BoxRecord, { name, restarts, lastExit, lines }: BoxService): Finding {
  const how = lastExit === undefined ? "" : `, last with ${lastExit}`;
  return {
    check: "services",
    status: "problem",
    text: [`${name} in ${box} keeps failing (${String(restarts)} times${how})`, ...lines].join("\n"),
    next: [`devbox-ctl logs ${box} --service ${name}`, `devbox-ctl restart ${box}`],
  };
}
