import { crc32 } from "node:zlib";

/** A zip archive of texts, not compressed: what a packaged extension is, without a program to pack it. */
function zip(files: Readonly<Record<string, string>>): Buffer {
  const [locals, centrals]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const [path, data] = [Buffer.from(name), Buffer.from(text)];
    // What both headers have in common: version, flags, method, time, date, checksum, sizes, lengths.
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(path.length, 22);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), common, path, data]);
    centrals.push(Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0000"), common, rest, path]));
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006", "latin1");
  end.writeUInt16LE(centrals.length, 8);
  end.writeUInt16LE(centrals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

/** An extension for VS Code that brings one colour theme, called Boxed. */
export function themeExtension(): Buffer {
  const theme = { name: "Boxed", type: "light", colors: { "statusBar.background": "#123456" } };
  const themes = [{ label: "Boxed", uiTheme: "vs", path: "./theme.json" }];
  const identity = { name: "boxed", publisher: "devbox-test", version: "1.0.0" };
  const manifest = { ...identity, engines: { vscode: "^1.80.0" }, contributes: { themes } };
  return zip({
    "extension.vsixmanifest": [
      '<?xml version="1.0" encoding="utf-8"?>',
      '<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">',
      '<Metadata><Identity Language="en-US" Id="boxed" Version="1.0.0" Publisher="devbox-test"/>',
      "<DisplayName>Boxed</DisplayName><Description>One theme</Description></Metadata>",
      '<Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation><Dependencies/>',
      '<Assets><Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json"/></Assets>',
      "</PackageManifest>",
    ].join(""),
    "[Content_Types].xml":
      '<?xml version="1.0" encoding="utf-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension=".json" ContentType="application/json"/><Default Extension=".vsixmanifest" ContentType="text/xml"/></Types>',
    "extension/package.json": JSON.stringify(manifest),
    "extension/theme.json": JSON.stringify(theme),
  });
}
