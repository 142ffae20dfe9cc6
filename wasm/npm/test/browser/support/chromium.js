// Chromium as a process of ours with a profile of its own, so that it can be ended, killed and started again on the same
// profile. Playwright only speaks with it.

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { chromium } from 'playwright-core';

const STARTED_MS = 60_000;
const ENDED_MS = 20_000;
const CALL_MS = 60_000;
const CRASHED_MS = 20_000;

const PROGRAM = process.env.CHROMIUM ?? ['chromium', 'chromium-browser', 'google-chrome'].find((name) => spawnSync('which', [name]).status === 0);

/** Why there can be no browser here, or false. */
export const noBrowser = PROGRAM === undefined ? 'there is no Chromium (Debian: apt-get install chromium)' : false;

/** What a promise brings, or a failure with these words when it takes too long. */
export function within(ms, promise, what) {
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** A profile that is gone after the test. */
export function profile(test) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'stockroom-chromium-'));
  // Its last writes may come while it is removed.
  test.after(() => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
  return folder;
}

export class Chromium {
  #process;
  #ended;
  #browser;

  /** Starts it on a profile. It is killed at the latest when the test ends. */
  static async start(test, folder, ...flags) {
    const self = new Chromium();
    await self.#start(folder, flags);
    test.after(() => self.kill());
    return self;
  }

  async #start(folder, flags) {
    const always = [
      '--headless=new', '--no-first-run', '--no-default-browser-check', '--disable-gpu', '--disable-dev-shm-usage', '--password-store=basic',
      '--disable-background-networking', '--disable-component-update', '--remote-debugging-port=0', `--user-data-dir=${folder}`,
    ];
    if (process.getuid?.() === 0) always.push('--no-sandbox');
    // What an earlier one on this profile wrote there is not for us.
    fs.rmSync(path.join(folder, 'DevToolsActivePort'), { force: true });
    this.#process = spawn(PROGRAM, [...always, ...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    this.#ended = new Promise((done) => this.#process.once('close', done));
    // It is a group of its own, and would outlive a test that breaks off.
    const end = () => this.#killGroup();
    process.once('exit', end);
    this.#process.once('close', () => process.off('exit', end));
    const url = await new Promise((done, failed) => {
      let said = '';
      const timer = setTimeout(() => failed(new Error(`Chromium does not start: ${said}`)), STARTED_MS);
      this.#process.once('close', (code) => failed(new Error(`Chromium ended with ${code}: ${said}`)));
      this.#process.stderr.on('data', (data) => {
        said += data;
        const found = /DevTools listening on (ws:\S+)/.exec(said);
        if (!found) return;
        clearTimeout(timer);
        done(found[1]);
      });
    });
    this.#browser = await chromium.connectOverCDP(url, { timeout: STARTED_MS });
    this.context.setDefaultTimeout(CALL_MS);
  }

  get context() {
    return this.#browser.contexts()[0];
  }

  async page(url) {
    const page = await this.context.newPage();
    page.setDefaultTimeout(CALL_MS);
    await page.goto(url);
    return page;
  }

  /** A session with the browser itself. */
  devtools() {
    return this.#browser.newBrowserCDPSession();
  }

  /** kill -9 for all processes that show pages, of which this is one. */
  async killPages(page) {
    const crashed = new Promise((done) => page.once('crash', done));
    const session = await this.devtools();
    const renderers = async () => {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
    };
    const pids = await renderers();
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    const noticed = async () => {
      // Among them is one that waits for the next page, which must not be given it.
      while ((await renderers()).some((pid) => pids.includes(pid))) await pause(10);
    };
    await within(CRASHED_MS, Promise.all([crashed, noticed()]), `a page whose process was killed (${pids}) crashes`);
    await session.detach();
  }

  /** Ends it as a person would. */
  async close() {
    const session = await this.devtools();
    await session.send('Browser.close').catch(() => undefined);
    await Promise.race([this.#ended, new Promise((done) => setTimeout(done, ENDED_MS).unref())]);
    await this.kill();
  }

  /** kill -9 for the browser and all that it started. */
  async kill() {
    this.#killGroup();
    await this.#ended;
    await this.#browser?.close().catch(() => undefined);
  }

  #killGroup() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    try {
      process.kill(-this.#process.pid, 'SIGKILL');
    } catch {
      // It went by itself in between.
    }
  }
}
