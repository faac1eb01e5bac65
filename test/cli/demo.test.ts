/**
 * `npm run demo`, in a network of its own: where Docker Hub answers, and where nothing does. Needs root.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { networkProblem } from '../support/namespaces.js';

/** Of the Internet, where the gateway goes without being told: nobody but this namespace has them here. */
const REGISTRY = '44.205.64.79';
const TOKENS = '44.205.64.80';
/** A layer on its way, as it is told where nobody looks at bars. */
const FETCHED_LAYER = /^layer [0-9a-f]{12}: (fetching|done), [\d.]+ [KMG]?i?B$/m;
const ALONE = ['--net', '--mount', 'sh', '-ec', 'ip link set lo up; for a in $1; do ip address add $a dev lo; done; mount --bind "$2" /etc/hosts; shift 2; exec "$@"', 'sh'];

const problem = await networkProblem();
if (problem !== undefined) console.warn(`The demo is not tested: ${problem}`);
let directory: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'imagegw-demo-'));
  // The demo sets up first, which must not change anything below the other tests.
  execFileSync('bash', ['scripts/setup.sh', '--check']);
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Outcome {
  readonly code: unknown;
  readonly lines: string[];
  readonly stderr: string;
}

async function demo(name: string, hosts: string, command: readonly string[]): Promise<Outcome> {
  const file = join(directory, `${name}.hosts`);
  writeFileSync(file, `127.0.0.1 localhost\n${hosts}`);
  const env = { ...process.env, NODE_OPTIONS: '', IMAGEGW_STATE: join(directory, name) };
  const child = spawn('unshare', [...ALONE, `${REGISTRY} ${TOKENS}`, file, ...command], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit') as Promise<[unknown]>]);
  return { code, lines: stdout.trim().split('\n'), stderr };
}

/** The last word of the demo, and what lies there. */
function ready(line: string | undefined, { stderr }: Outcome): { readonly imageId: string; readonly files: string } {
  const [, imageId, path] = /^READY ([0-9a-f]{64}) (\/\S+\.squashfs)$/.exec(line ?? '') ?? [];
  if (imageId === undefined || path === undefined) throw new Error(`${String(line)}\n${stderr}`);
  return { imageId, files: execFileSync('unsquashfs', ['-l', path], { encoding: 'utf8' }) };
}

(problem === undefined ? describe : describe.skip)('npm run demo', () => {
  it("pulls Docker Hub's alpine:latest where Docker Hub answers", async () => {
    const hosts = `${REGISTRY} registry-1.docker.io\n${TOKENS} auth.docker.io\n`;
    const outcome = await demo('hub', hosts, [process.execPath, '--import', 'tsx', 'test/cli/fixtures/demo-with-hub.ts', directory, REGISTRY, TOKENS]);
    const asked = JSON.parse(outcome.lines.pop() ?? '') as unknown;
    expect(ready(outcome.lines.at(-1), outcome).files).toContain('/etc/alpine-release');
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('Docker Hub answers: pulling alpine:latest from it');
    expect(outcome.stderr).toMatch(FETCHED_LAYER);
    expect(asked).toContainEqual({ scopes: ['repository:library/alpine:pull'], service: 'registry.docker.io' });
  });

  it('builds an image and serves it where Docker Hub does not answer', async () => {
    const outcome = await demo('alone', '', ['bash', 'scripts/demo.sh']);
    expect(ready(outcome.lines.at(-1), outcome).files).toContain('/bin/busybox');
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('Docker Hub does not answer: building an image from busybox-static with umoci');
    expect(outcome.stderr).toMatch(FETCHED_LAYER);
  });

  it('takes localhost for a registry, as Docker does', async () => {
    const outcome = await demo('localhost', '', ['bash', 'scripts/demo.sh', 'localhost/team/app']);
    expect(outcome.stderr).toContain('pulling localhost/team/app from http://localhost\n');
    expect(outcome.stderr).toContain('REGISTRY_UNREACHABLE');
    expect(outcome.code).toBe(1);
  });
});
