import type { BoxRecord } from "../../core/box.ts";
import { forgettable, nameOf } from "../../core/device.ts";
import { hasCode, messageOf } from "../../core/errors.ts";
import type { TailnetDevice } from "../../core/tailnet.ts";
import { count } from "../../core/text.ts";
import type { Tailnet } from "../../ports/tailnet.ts";
import { mayUse, visibleBoxes } from "../access.ts";
import type { Deps } from "../deps.ts";
import { withLease } from "../lease.ts";
import { join } from "../tailnet/join.ts";
import { joinsTailnet } from "../tailnet/join-step.ts";
import { keyOf } from "../tailnet/key.ts";
import { releaseLeft } from "../tailnet/release.ts";
import { problemFrom } from "./check-engine.ts";
import type { Finding } from "./finding.ts";

/**
 * Keys, control plane and devices. With `fix`, devices that have to go are tried again, and boxes that the control plane
 * has forgotten log in anew. No key is read otherwise: reads are counted.
 */
export async function checkTailnet(deps: Deps, fix: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (joinsTailnet(deps)) findings.push(...(await checkSecrets(deps)), ...(await checkControl(deps, fix)));
  findings.push(...(await checkLeaving(deps, fix)));
  return findings;
}

async function checkSecrets(deps: Deps): Promise<Finding[]> {
  try {
    await (await deps.secrets()).check(deps.caller.user);
    return [];
  } catch (error) {
    return [problemFrom("secrets", error)];
  }
}

async function checkControl(deps: Deps, fix: boolean): Promise<Finding[]> {
  try {
    const tailnet = await deps.tailnet();
    if (tailnet === undefined) return [];
    const devices = await tailnet.devices();
    const boxes = visibleBoxes(deps).filter(({ phase, desired }) => phase === "ready" && desired === "running");
    const lost = boxes.filter((box) => box.device === undefined || !isListed(box, devices));
    const there = boxes.length - lost.length;
    const text = `Tailnet: ${tailnet.control} answers, ${count(there, "running box", "running boxes")} on it`;
    const findings: Finding[] = [{ check: "tailnet", status: "pass", text }];
    for (const box of lost) findings.push(fix ? await rejoin(deps, tailnet, box) : lostBox(box));
    for (const box of boxes) findings.push(...otherName(box, devices));
    return findings;
  } catch (error) {
    return [problemFrom("tailnet", error)];
  }
}

const isListed = ({ device }: BoxRecord, devices: readonly TailnetDevice[]) =>
  devices.some(({ nodeId, nodeKey }) => nodeId === device?.identity.nodeId && nodeKey === device.identity.nodeKey);

/** A box that is found under another name than its own. */
function otherName({ name, device }: BoxRecord, devices: readonly TailnetDevice[]): Finding[] {
  const has = devices.find(({ nodeId }) => nodeId === device?.identity.nodeId)?.name;
  if (has === undefined || has === name) return [];
  const text = `${name} is called ${has} on the tailnet`;
  return [
    {
      check: "tailnet",
      status: "remark",
      text,
      next: [`Take its own name, if that is free: devbox-ctl restart ${name}`],
    },
  ];
}

function lostBox({ name, device }: BoxRecord): Finding {
  const why = device === undefined ? "is not on the tailnet" : "was forgotten by the control plane";
  return { check: "tailnet", status: "problem", text: `${name} ${why}`, next: [`devbox-ctl start ${name}`] };
}

async function rejoin(deps: Deps, tailnet: Tailnet, { name }: BoxRecord): Promise<Finding> {
  try {
    return await withLease(deps, name, "doctor", async (box) => {
      const { containerId } = box;
      if (containerId === undefined) return lostBox(box);
      const { node } = await join(deps, tailnet, { ...box, containerId }, keyOf(deps, box.owner));
      return { check: "tailnet", status: "fixed", text: `${name} is on the tailnet again, as ${node.dnsName}` };
    });
  } catch (error) {
    if (hasCode(error, "BUSY", "BOX_NOT_FOUND")) {
      return { check: "tailnet", status: "remark", text: `${name} was not looked at: ${messageOf(error)}` };
    }
    return problemFrom("tailnet", error);
  }
}

/** Devices that have to go and are not proven gone, of the caller's boxes; all are tried. */
async function checkLeaving(deps: Deps, fix: boolean): Promise<Finding[]> {
  const mine = () =>
    deps.ledger.devices().filter(({ state, owner }) => state === "leaving" && mayUse(deps.caller, owner));
  const before = mine().length;
  if (fix) await releaseLeft(deps, { force: true });
  const left = mine().map((device): Finding => {
    const whose = deps.ledger.boxById(device.boxId) ? "was one of the box" : "belongs to the destroyed box";
    const times = `removal tried ${count(device.attempts, "time")}`;
    const why = device.problem === undefined ? "" : `: ${device.problem}`;
    return {
      check: "tailnet",
      status: "problem",
      text: `Tailnet: the device ${nameOf(device)} ${whose} ${device.boxName}; ${times}${why}`,
      next: [
        ...(fix ? [] : ["devbox-ctl doctor --fix"]),
        `Give it up, when you know better: devbox-ctl tailnet cleanup --forget ${forgettable(device)}`,
      ],
    };
  });
  const gone = before - left.length;
  if (gone <= 0) return left;
  return [{ check: "tailnet", status: "fixed", text: `Tailnet: ${count(gone, "device")} proven gone` }, ...left];
}
