/**
 * Draws the results of bench/convert.ts and bench/curve.ts, as far as they are there, into docs/conversion.svg: wall clock of
 * each way, for each size of image, and of ours as images grow.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

const Table = z.object({ title: z.string(), rows: z.array(z.tuple([z.string(), z.number()], z.unknown())) });
const RESULTS = ['convert-small', 'convert-medium', 'convert-large', 'curve'];
/** Rows of bench/curve.ts, which has no others. */
const OURS = / (entries|[MG]iB)$/;
const WIDTH = 720;
const LABEL = 250;
const ROW = 20;

const escaped = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/** One group of bars; the longest takes the whole width. Gives its height too. */
function group({ title, rows }: z.infer<typeof Table>, top: number): readonly [svg: string, height: number] {
  const longest = Math.max(...rows.map(([, seconds]) => seconds));
  const bars = rows.map(([name, seconds], index) => {
    const y = top + 30 + index * ROW;
    const width = Math.max(1, (seconds / longest) * (WIDTH - LABEL - 80));
    const fill = name.startsWith('imagegw') || OURS.test(name) ? '#2a7f62' : name.startsWith('floor') ? '#c9cdd2' : '#8094aa';
    return `<text x="${String(LABEL - 8)}" y="${String(y + 13)}" text-anchor="end">${escaped(name)}</text>
<rect x="${String(LABEL)}" y="${String(y + 2)}" width="${width.toFixed(1)}" height="${String(ROW - 5)}" fill="${fill}"/>
<text x="${(LABEL + width + 6).toFixed(1)}" y="${String(y + 13)}">${seconds.toFixed(1)} s</text>`;
  });
  const heading = `<text x="8" y="${String(top + 18)}" font-weight="bold">${escaped(title)}</text>`;
  return [[heading, ...bars].join('\n'), 30 + rows.length * ROW + 16];
}

let top = 0;
const groups: string[] = [];
for (const name of RESULTS) {
  const path = `bench/results/${name}.json`;
  if (!existsSync(path)) continue;
  const [svg, height] = group(Table.parse(JSON.parse(readFileSync(path, 'utf8'))), top);
  groups.push(svg);
  top += height;
}
writeFileSync(
  'docs/conversion.svg',
  `<svg xmlns="http://www.w3.org/2000/svg" width="${String(WIDTH)}" height="${String(top)}" font-family="sans-serif" font-size="12">
<rect width="100%" height="100%" fill="white"/>
${groups.join('\n')}
</svg>
`,
);
