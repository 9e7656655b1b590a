import { count } from "../../core/text.ts";
import type { Deps } from "../deps.ts";
import { problemFrom } from "./check-engine.ts";
import type { Finding } from "./finding.ts";

/** Whether the channels that people are told by have what they need; nothing is sent. */
export async function checkChannels(deps: Pick<Deps, "channels" | "caller">): Promise<Finding[]> {
  const { via, admin } = deps.caller;
  // How they are set up is the administrators' matter.
  if (via !== "local" && !admin) return [];
  const channels = await deps.channels();
  const problems = channels.flatMap(({ name, check }) => {
    try {
      check?.();
      return [];
    } catch (error) {
      const finding = problemFrom("notices", error);
      return [{ ...finding, text: `${name}: ${finding.text}` }];
    }
  });
  if (problems.length > 0 || channels.length === 0) return problems;
  const text = `Notices: ${count(channels.length, "channel")} set up; devbox-ctl notify test tries them`;
  return [{ check: "notices", status: "pass", text }];
}
