import { expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { createLocalTarget, publish } from '../../src/delivery/index.js';
import { digestHex } from '../../src/lib/digest.js';
import type { ReaderOrder, ReaderReport } from './fixtures/reader.js';
import { startFixture } from './fixtures/run-fixture.js';
import { filesBelow, IMAGE_ID, makeWorkspace, MIB, ONE_IMAGE, QUICK_PARENT, SIGNAL } from './fixtures/workspace.js';

// The first is linked, the second copied in several chunks.
it('a reader sees whole files only while thousands of publishes of two products run', async () => {
  const workspace = await makeWorkspace(QUICK_PARENT);
  try {
    const versions = [
      {
        product: await workspace.product('a', MIB / 2, 0o600),
        meta: 'FORMAT: squashfs\nENV: V=a\n',
        sidecar: '{"v":"a"}\n',
      },
      {
        product: await workspace.product('b', 1.5 * MIB, 0o644),
        meta: 'FORMAT: squashfs\nENV: V=b\n',
        sidecar: '{"v":"b"}\n',
      },
    ];
    const images = versions.map(({ product }) => digestHex(product.sha256));
    const texts = versions.flatMap(({ meta, sidecar }) => [meta, sidecar]);
    const order: ReaderOrder = { directory: workspace.images, imageId: IMAGE_ID, images, texts };
    const reader = startFixture('reader.ts', order);
    const lines = createInterface({ input: reader.stdout! });
    await once(lines, 'line');

    const target = createLocalTarget({ imageDirectory: workspace.images });
    for (let count = 0; count < 2000; count += 1) {
      const { product, meta, sidecar } = versions[count % 2]!;
      const request = {
        imageId: IMAGE_ID,
        pullId: `pull-${count % 7}`,
        product,
        meta,
        sidecar,
        signal: SIGNAL,
      };
      const files = await publish(target, request);
      expect(files.image).toBe(count % 2 === 0 ? 'linked' : 'copied');
    }

    const reported = once(lines, 'line');
    reader.stdin?.end();
    const [line] = (await reported) as [string];
    await reader.done;
    const report = JSON.parse(line) as ReaderReport;
    expect(report.faults).toEqual([]);
    // The test only proves something if the reader met each version often.
    for (const whole of [...images, ...texts]) expect(report.seen[whole]).toBeGreaterThan(10);
    expect(await filesBelow(workspace.images)).toEqual(ONE_IMAGE);
  } finally {
    await workspace.remove();
  }
}, 300_000);
