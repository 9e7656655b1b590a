import { took } from "../../core/time.ts";
import type { NotifyTestResult, TriedChannel } from "../../usecases/notices/try-out.ts";
import { orNull } from "../json.ts";
import type { Style } from "../style.ts";

const NONE = [
  "  No channels are configured: people are told in their boxes and at their next command alone.",
  "    → Name some: notify in the configuration",
].join("\n");

/** `notify test` for a person. */
export function presentNotifyTest(style: Style, { user, channels }: NotifyTestResult): string {
  if (channels.length === 0) return NONE;
  const width = Math.max(...channels.map(({ channel }) => channel.length));
  return channels.map((tried) => line(style, user, tried, width)).join("\n");
}

function line(
  style: Style,
  user: string,
  { channel, outcome, problem, took: span }: TriedChannel,
  width: number,
): string {
  const name = channel.padEnd(width);
  switch (outcome) {
    case "delivered":
      return `  ${style.good("✓")} ${name}  delivered for ${user}  ${style.faint(took(span))}`;
    case "unreachable":
      return `  ${style.warn("!")} ${name}  ${problem ?? ""}`;
    case "failed":
      return `  ${style.bad("✗")} ${name}  ${(problem ?? "").replaceAll("\n", `\n${" ".repeat(width + 6)}`)}`;
  }
}

/** `notify test --json`; its schema is docs/json/notify-test.schema.json. */
export function notifyTestJson({ user, channels }: NotifyTestResult) {
  return {
    user,
    channels: channels.map(({ channel, outcome, problem, took: span }) => ({
      ...{ channel, outcome, problem: orNull(problem) },
      tookMs: Math.round(span),
    })),
  };
}
