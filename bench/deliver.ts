/**
 * Writing one file to a system over SSH: the SFTP target beside `scp` and `sftp`, to the same sshd on the loopback with the
 * same cipher, in alternating runs; all connect anew, write the bytes and fsync. First plainly, then through a proxy
 * that makes a round trip take 20 ms. What reading back for the sha256 costs has lines of its own.
 *
 * IMAGEGW_BENCH_MIB sets the size (default 256). Prints a table and writes bench/results/deliver.json.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, open, rm, writeFile, chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { createSftpTarget, DEFAULT_SSH_LIMITS, SshConnections } from '../src/delivery/index.js';
import { temporaryNames } from '../src/delivery/names.js';
import { finishDigest, type Digest } from '../src/lib/digest.js';
import { GatewayError } from '../src/lib/errors.js';
import { runChild, startChild } from '../src/lib/child.js';
import { startSshd, type Sshd } from '../test/support/sshd.js';
import { median } from './measure.js';

const MIB = 1 << 20;
const ROUNDS = 5;
const ROUND_TRIP_MS = 20;
const CIPHER = 'aes128-gcm@openssh.com';
const signal = new AbortController().signal;
const name = temporaryNames('a1'.repeat(32), 'bench').image;

interface Link {
  readonly title: string;
  readonly port: number;
}

type Measured = Readonly<Record<string, number>>;

async function main(): Promise<void> {
  const mib = Number(process.env['IMAGEGW_BENCH_MIB'] ?? 256);
  const directory = await mkdtemp(join(tmpdir(), 'imagegw-bench-deliver-'));
  // Only one cipher is offered, so that all use the same.
  const sshd = await startSshd({ lines: [`Ciphers ${CIPHER}`] });
  const proxy = startChild({
    command: process.execPath,
    args: ['--import', 'tsx', fileURLToPath(new URL('delaying-proxy.ts', import.meta.url)), String(sshd.port), String(ROUND_TRIP_MS / 2)],
    stdout: 'pipe',
  });
  try {
    const [line] = (await once(proxy.stdout!, 'data')) as [Buffer];
    const links: readonly Link[] = [
      { title: 'loopback', port: sshd.port },
      { title: `${ROUND_TRIP_MS} ms round trip`, port: Number(line.toString()) },
    ];
    await chmod(directory, 0o755);
    const images = join(directory, 'images');
    await mkdir(images);
    await chown(images, sshd.uid, sshd.uid);
    const product = join(directory, 'product');
    const digest = await writeRandom(product, mib);
    const knownHosts = join(directory, 'known_hosts');
    await writeFile(knownHosts, `127.0.0.1 ${sshd.hostKey}\n` + links.map(({ port }) => `[127.0.0.1]:${port} ${sshd.hostKey}\n`).join(''));

    const rows: (string | number)[][] = [];
    for (const link of links) {
      const rates = await compare({ sshd, link, product, digest, images, knownHosts, mib });
      const best = Math.max(rates['scp'] ?? 0, rates['sftp'] ?? 0);
      for (const [tool, rate] of Object.entries(rates)) rows.push([link.title, tool, Math.round(rate), (rate / best).toFixed(2)]);
    }
    const columns = ['link', 'tool', 'MiB/s (median)', 'of the faster of scp and sftp'];
    console.log(`Delivering ${mib} MiB over SSH (${CIPHER}), ${ROUNDS} rounds`);
    console.table(rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))));
    await mkdir('bench/results', { recursive: true });
    await writeFile('bench/results/deliver.json', JSON.stringify({ mib, cipher: CIPHER, rounds: ROUNDS, columns, rows }, undefined, 2));
  } finally {
    proxy.kill(new GatewayError('CANCELLED', 'The benchmark is over.'));
    await proxy.done.catch(() => {});
    await sshd.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

interface Setting {
  readonly sshd: Sshd;
  readonly link: Link;
  readonly product: string;
  readonly digest: Digest;
  readonly images: string;
  readonly knownHosts: string;
  readonly mib: number;
}

async function compare(setting: Setting): Promise<Measured> {
  const { sshd, link, product, images, knownHosts, mib } = setting;
  const options = ['-F', 'none', '-q', '-P', String(link.port), '-i', sshd.key, '-o', `UserKnownHostsFile=${knownHosts}`, '-o', 'StrictHostKeyChecking=yes'];
  const remote = `${sshd.username}@127.0.0.1`;
  const batch = join(images, '..', 'batch');
  // -f: fsync afterwards.
  await writeFile(batch, `put -f ${product} ${images}/theirs\n`);
  const times = new Map<string, number[]>();
  const time = async (tool: string, work: () => Promise<unknown>): Promise<void> => {
    const begin = performance.now();
    await work();
    times.set(tool, [...(times.get(tool) ?? []), (performance.now() - begin) / 1000]);
  };
  // The first round warms up the caches of all, and a worker that has long been running is what is measured.
  for (let round = -1; round < ROUNDS; round += 1) {
    if (round === 0) times.clear();
    const connections = new SshConnections();
    const account = { hosts: [{ name: '127.0.0.1', port: link.port }], username: sshd.username, keyFile: sshd.key, knownHosts, limits: DEFAULT_SSH_LIMITS };
    const size = mib * MIB;
    const target = createSftpTarget({ connections, account, imageDirectory: images });
    await time('imagegw', () => target.writeFile(name, product, size, { offset: 0, signal }));
    await time('imagegw, the reading back alone', async () => {
      if ((await target.digest(name, signal)) !== setting.digest) throw new Error('The file that was read back is another one.');
    });
    await target.remove(name);
    await connections.close();
    await time('scp', async () => {
      await runChild({ command: 'scp', args: [...options, product, `${remote}:${images}/theirs`] });
      // scp does not fsync.
      await runChild({ command: 'sync', args: [join(images, 'theirs')] });
    });
    await rm(join(images, 'theirs'));
    await time('sftp', () => runChild({ command: 'sftp', args: [...options, '-b', batch, remote] }));
    await rm(join(images, 'theirs'));
  }
  return Object.fromEntries([...times].map(([tool, list]) => [tool, mib / median(list)]));
}

/** Bytes that no compression makes fewer. */
async function writeRandom(path: string, mib: number): Promise<Digest> {
  const hash = createHash('sha256');
  const file = await open(path, 'w', 0o644);
  for (let done = 0; done < mib; done += 1) {
    const bytes = randomBytes(MIB);
    hash.update(bytes);
    await file.write(bytes);
  }
  await file.close();
  return finishDigest(hash, 'sha256');
}

await main();
