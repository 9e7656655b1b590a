import * as Args from "@oclif/core/args";
import { BaseCommand } from "../../cli/base-command.ts";
import { presentSwitch, switchJson } from "../../cli/present/service.ts";
import { switchService } from "../../usecases/service-switch.ts";

export default class ServiceDisable extends BaseCommand {
  static override summary = "Turn a service of a running box off, now and at every later start";
  static override examples = ["<%= config.bin %> service disable api code-server"];
  static override args = {
    name: Args.string({ required: true, description: "Name of the box" }),
    service: Args.string({ required: true, description: "Name of the service, as `status` shows it" }),
  };

  async run() {
    const { args, flags } = await this.parse(ServiceDisable);
    const result = await switchService(await this.deps(flags), { name: args.name, service: args.service, on: false });
    this.print(presentSwitch(result));
    return switchJson(result);
  }
}
