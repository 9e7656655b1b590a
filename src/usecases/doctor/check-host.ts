import { formatSize } from "../../core/size.ts";
import type { EngineFacts } from "../../ports/engine.ts";
import type { RootlessSetup } from "../../ports/host.ts";
import type { Deps } from "../deps.ts";
import { engineUser } from "../id-mapping.ts";
import type { Finding } from "./finding.ts";

/** Subordinate ids that one Debian box needs. */
const SUBIDS = 65_536;

/** The host has what boxes need, and keeps what it was promised. */
export function checkHost(deps: Pick<Deps, "host" | "config" | "caller">, facts: EngineFacts | undefined): Finding[] {
  const setup = facts?.rootless === true ? rootlessFindings(deps.host.rootlessSetup(engineUser(deps))) : [];
  return [freeLine(deps, facts), ...setup];
}

function freeLine({ host, config }: Pick<Deps, "host" | "config">, facts: EngineFacts | undefined): Finding {
  const { reserve } = config.limits;
  const { memory, disk } = host.free(facts?.storageDir);
  const text = `Host: ${formatSize(memory)} of memory free${disk === undefined ? "" : `, ${formatSize(disk)} of disk`}`;
  const short = [
    ...(memory < reserve.memory ? [`memory is below the reserve of ${formatSize(reserve.memory)}`] : []),
    ...(disk !== undefined && disk < reserve.disk ? [`disk is below the reserve of ${formatSize(reserve.disk)}`] : []),
  ];
  if (short.length === 0) return { check: "host", status: "pass", text };
  const next = ["Stop or destroy a box, or lower limits.reserve; until then none can be started"];
  return { check: "host", status: "problem", text: `${text}; ${short.join(", ")}`, next };
}

function rootlessFindings(setup: RootlessSetup): Finding[] {
  const findings: Finding[] = [];
  if (setup.subids < SUBIDS) {
    const text = `this user has ${String(setup.subids)} subordinate ids; a box needs ${String(SUBIDS)}`;
    const next = [
      "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER   (as root)",
      "podman system migrate",
    ];
    findings.push({ check: "host", status: "problem", text, next });
  }
  if (!setup.runtimeDir) {
    const text = "XDG_RUNTIME_DIR is not set, or its directory is missing; Podman would keep its state under /tmp";
    findings.push({
      check: "host",
      status: "problem",
      text,
      next: ["Log in properly (ssh, not su), or set it to /run/user/UID"],
    });
  }
  if (setup.lingers === false) {
    const text = "this user does not linger: boxes end when the last login does";
    findings.push({ check: "host", status: "remark", text, next: ["loginctl enable-linger"] });
  }
  return findings;
}
