import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import process from "node:process";
import { chromium, type Page } from "playwright-core";

/** A page of a browser that keeps to itself: a profile of its own, nothing fetched in the background. */
export interface Browser extends AsyncDisposable {
  readonly page: Page;
}

const QUIET = ["gpu", "quic", "background-networking", "component-update", "sync"].map((what) => `--disable-${what}`);

/** Debian's Chromium without a window; 1280 by 800. */
export async function openBrowser(): Promise<Browser> {
  const profile = await mkdtemp(path.join(tmpdir(), "dbxtest-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: "/usr/bin/chromium",
    viewport: { width: 1280, height: 800 },
    // Chromium's own sandbox does not work as root.
    args: [...QUIET, "--no-first-run", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])],
  });
  // Loading the editor takes some seconds, on a busy machine many.
  context.setDefaultTimeout(120_000);
  return {
    page: context.pages()[0] ?? (await context.newPage()),
    async [Symbol.asyncDispose]() {
      await context.close();
      await rm(profile, { recursive: true, force: true });
    },
  };
}
