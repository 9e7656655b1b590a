import * as Flags from "@oclif/core/flags";
import { BaseCommand } from "../cli/base-command.ts";
import { writeForGroup } from "../cli/compose.ts";
import { metricsJson } from "../cli/present/metrics.ts";
import { DevboxError } from "../core/errors.ts";
import { prometheusText } from "../core/metrics.ts";
import { metrics } from "../usecases/metrics.ts";

export default class Metrics extends BaseCommand {
  static override summary = "Figures of all boxes and of the reaper, in the Prometheus text format";
  static override description =
    "For node_exporter's textfile collector: on an orchestrator a timer writes them to /run/devbox-metrics/devbox.prom every five minutes. On a shared host it is for administrators.";
  static override examples = [
    "<%= config.bin %> metrics",
    "<%= config.bin %> metrics --output /run/devbox-metrics/devbox.prom",
  ];
  static override flags = {
    output: Flags.string({
      summary: "Put them into a file, which is replaced as a whole and can be read by its group",
      helpValue: "FILE",
    }),
  };

  async run() {
    const { flags } = await this.parse(Metrics);
    const deps = await this.deps(flags);
    const { via } = deps.caller;
    if (flags.output !== undefined && (via === "sudo" || via === "key")) {
      throw new DevboxError("NOT_PERMITTED", "--output would be written with the rights of the boxes' account.", {
        next: ["Write it yourself: devbox-ctl metrics >FILE"],
      });
    }
    const found = await metrics(deps);
    if (flags.output === undefined) this.print(prometheusText(found));
    else writeForGroup(flags.output, prometheusText(found));
    return metricsJson(found);
  }
}
