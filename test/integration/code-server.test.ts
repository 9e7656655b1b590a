import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser } from "../support/browser.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { startForwarding, type Forwarding } from "../support/forward.ts";
import { fullImage } from "../support/image.ts";
import { removeTestObjects } from "../support/podman.ts";
import { themeExtension } from "../support/vsix.ts";

// The editor of a box in a real browser. With DEVBOX_SCREENSHOT=FILE the picture of the documentation is made.

const MINUTE = 60_000;
const CODE_SERVER = "/usr/lib/code-server/bin/code-server";
const SETTINGS = {
  "workbench.colorTheme": "Boxed",
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "chat.disableAIFeatures": true,
  // What it shows is then text of the page.
  "terminal.integrated.gpuAcceleration": "off",
};
const SOURCE = `import { createServer } from "node:http";

const server = createServer((request, response) => {
  response.end(\`You asked for \${request.url}\\n\`);
});
server.listen(3000, "127.0.0.1");
`;

let cli: TestCli;
let folder: string;
let opened: Forwarding | undefined;

const inBox = (script: string) => cli.run(["exec", "web", "--", "sh", "-c", script]);
const put = async (file: string, text: string): Promise<void> => {
  const ran = await cli.run(["exec", "web", "--", "sh", "-c", 'mkdir -p "${1%/*}" && cat >"$1"', "sh", file], {
    input: text,
  });
  expect(ran, file).toMatchObject({ exitCode: 0 });
};

/** Opens the box's editor, and waits until its workspace is shown. */
async function visit(page: Page): Promise<void> {
  opened = await startForwarding(cli, ["open", "web", "--print", "--port", "0"]);
  await page.goto(`http://127.0.0.1:${String(opened.ports[0])}/`);
  await page.getByRole("treeitem", { name: "server.ts" }).waitFor();
}

async function leave(): Promise<void> {
  opened?.signal("SIGINT");
  expect(await opened?.exitCode).toBe(0);
  opened = undefined;
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "dbxtest-screens-"));
  const limits = { memory: "2GiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await fullImage(), limits } });
  expect(await cli.run(["create", "web"])).toMatchObject({ exitCode: 0 });
  await put("/home/dev/workspace/server.ts", SOURCE);
  await put("/home/dev/.local/share/code-server/User/settings.json", JSON.stringify(SETTINGS));
  await put("/tmp/boxed.vsix.base64", themeExtension().toString("base64"));
  const install = `base64 -d /tmp/boxed.vsix.base64 >/tmp/boxed.vsix && ${CODE_SERVER} --install-extension /tmp/boxed.vsix`;
  expect(await inBox(install)).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  opened?.signal("SIGKILL");
  await removeTestObjects();
  await cli.remove();
  await rm(folder, { recursive: true, force: true });
});

it(
  "shows the workspace in a browser, with a terminal that is dev's [FR-009] [R-04]",
  async () => {
    await using browser = await openBrowser();
    const { page } = browser;
    await visit(page);
    expect(new URL(page.url()).searchParams.get("folder")).toBe("/home/dev/workspace");
    await page.getByRole("treeitem", { name: "server.ts" }).dblclick();
    await page.locator(".view-lines").getByText("createServer").first().waitFor();

    await page.keyboard.press("Control+Backquote");
    await page.getByRole("button", { name: /Trust Folder|Yes, I trust/ }).click();
    const terminal = page.locator(".terminal-wrapper.active .xterm");
    await terminal.locator(".xterm-rows").getByText("dev@web").first().waitFor();
    await terminal.locator(".xterm-helper-textarea").focus();
    await page.keyboard.type(
      "sh -c 'id -un; pwd; echo $HOME; echo $TERM; tty' > made-in-browser.txt; cat made-in-browser.txt\n",
    );
    await page.getByRole("treeitem", { name: "made-in-browser.txt" }).waitFor();
    await terminal.locator(".xterm-rows").getByText("xterm-256color").first().waitFor();
    expect((await inBox("cat made-in-browser.txt")).stdout).toMatch(
      /^dev\n\/home\/dev\/workspace\n\/home\/dev\nxterm-256color\n\/dev\/pts\/\d+$/,
    );
    const file = process.env.DEVBOX_SCREENSHOT ?? path.join(folder, "code-server.png");
    await page.screenshot({ path: file });
    expect((await stat(file)).size).toBeGreaterThan(10_000);
    await leave();
  },
  6 * MINUTE,
);

it(
  "keeps extensions and settings when the box is restarted [FR-009] [FR-013]",
  async () => {
    expect(await cli.run(["restart", "web"])).toMatchObject({ exitCode: 0 });
    expect((await inBox(`${CODE_SERVER} --list-extensions`)).stdout).toContain("devbox-test.boxed");
    await using browser = await openBrowser();
    await visit(browser.page);
    // The theme is the extension's, and chosen by the settings.
    const colour = 'getComputedStyle(document.querySelector(".part.statusbar")).backgroundColor';
    await expect.poll(() => browser.page.evaluate<string>(colour), { timeout: MINUTE }).toBe("rgb(18, 52, 86)");
    await leave();
  },
  6 * MINUTE,
);
