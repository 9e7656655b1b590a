import { BaseCommand } from "../../cli/base-command.ts";

export default class ConfigSchema extends BaseCommand {
  static override summary = "Print the JSON Schema of the configuration file";
  static override examples = ["<%= config.bin %> config schema > devbox-config.schema.json"];

  async run() {
    await this.parse(ConfigSchema);
    const { configJsonSchema } = await import("../../core/config/read.ts");
    const schema = configJsonSchema();
    this.print(JSON.stringify(schema, null, 2));
    return schema;
  }
}
