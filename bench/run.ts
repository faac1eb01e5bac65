/**
 * Runs the benchmarks one after the other. Each is a program of its own that prints its table and writes it as JSON
 * under bench/results/; one that fails does not keep the others from running.
 *
 *   npx tsx bench/run.ts [names]      all of them by default
 *
 * IMAGEGW_BENCH_SIZE (small, medium, large; medium when not given) is the image that `convert` takes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';

/** Name, and the command that runs it. Paths are below the project. */
const BENCHMARKS: Readonly<Record<string, readonly string[]>> = {
  setup: ['bash', 'scripts/setup.sh'],
  'index-server': ['npx', 'tsx', 'bench/index-server.ts'],
  fetch: ['npx', 'tsx', 'bench/fetch.ts'],
  deliver: ['npx', 'tsx', 'bench/deliver.ts'],
  convert: ['npx', 'tsx', 'bench/convert.ts', process.env['IMAGEGW_BENCH_SIZE'] ?? 'medium', '3'],
  curve: ['npx', 'tsx', 'bench/curve.ts', '1'],
};

await mkdir('bench/results', { recursive: true });
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in BENCHMARKS));
if (unknown.length > 0) {
  console.error(`There is no benchmark ${unknown.join(', ')}. There is: ${Object.keys(BENCHMARKS).join(', ')}.`);
  process.exit(2);
}
const failed: string[] = [];
for (const [name, command] of Object.entries(BENCHMARKS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n== ${name}`);
  const seconds = await timed(command);
  if (seconds === undefined) failed.push(name);
  else if (name === 'setup') await reportSetup(seconds);
}
if (failed.length > 0) {
  console.error(`\nThese benchmarks failed: ${failed.join(', ')}.`);
  process.exitCode = 1;
}

/** How long the command took, in s; undefined when it failed. */
async function timed([program = '', ...args]: readonly string[]): Promise<number | undefined> {
  const began = performance.now();
  const child = spawn(program, args, { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  return status === 0 ? (performance.now() - began) / 1000 : undefined;
}

/** What a second set-up adds to each start of the demo and the tests. */
async function reportSetup(seconds: number): Promise<void> {
  const table = {
    title: 'Set-up when everything is there',
    columns: ['what', 's'],
    rows: [['npm run setup', Number(seconds.toFixed(2))]],
  };
  console.log(table.title);
  console.table([{ what: 'npm run setup', s: table.rows[0]?.[1] }]);
  await writeFile('bench/results/setup.json', `${JSON.stringify(table, undefined, 2)}\n`);
}
