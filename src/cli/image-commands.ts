/**
 * `imagegw lookup`, `imagegw images` and `imagegw expire`: what one does with published images.
 */
import type { Command } from 'commander';
import type { ImageSummary } from '../client/index.js';
import { connect } from './connect.js';
import { EXIT, reportFailure } from './failures.js';
import type { CliIo } from './io.js';
import { formatBytes, formatSpan, printable, shortDigest, table } from './text.js';

interface PlatformOption {
  readonly platform?: string;
}

const PLATFORM_HELP = "os/architecture[/variant]; the system's own if not given";

export function addLookupCommand(program: Command, io: CliIo): void {
  program
    .command('lookup')
    .description('print the id of the image behind a reference; exit code 1 when there is none')
    .argument('<system>', 'name of the system')
    .argument('<reference>', 'the image: [registry/]repository[:tag][@digest]')
    .option('--platform <platform>', PLATFORM_HELP)
    .action(async (system: string, reference: string, { platform }: PlatformOption, command: Command) => {
      const { client, json } = connect(command, io);
      const image = await client.lookup(system, reference, { platform, signal: io.signal });
      if (image === null) {
        const message = `There is no image "${reference}" on ${system}, or none that you may see.`;
        reportFailure(io, { code: 'NOT_FOUND', message, retryable: false });
        io.exitCode = EXIT.failed;
      } else {
        io.stdout.write(json ? `${JSON.stringify(image)}\n` : `${printable(image.imageId)}\n`);
      }
    });
}

export function addImagesCommand(program: Command, io: CliIo): void {
  program
    .command('images')
    .description('list the images that you may see, newest first')
    .argument('[system]', 'only images on this system')
    .option('--name <text>', 'only images with a name that contains this text')
    .action(async (system: string | undefined, { name }: { readonly name?: string }, command: Command) => {
      const { client, json } = connect(command, io);
      const rows = [['IMAGE', 'SYSTEM', 'SIZE', 'AGE', 'NAME']];
      for await (const image of client.images({ system, nameContains: name, signal: io.signal })) {
        if (json) io.stdout.write(`${JSON.stringify(image)}\n`);
        else rows.push(...imageRows(image, Date.now()));
      }
      if (!json) io.stdout.write(table(rows));
    });
}

/** A row for each name of the image. */
function imageRows(image: ImageSummary, now: number): string[][] {
  const start = [
    shortDigest(image.imageId),
    image.system.name,
    formatBytes(image.size),
    formatSpan(now - Date.parse(image.createdAt)),
  ];
  const names = image.tags.map(({ reference, platform }) =>
    platform === null ? reference : `${reference} (${platform})`,
  );
  return (names.length === 0 ? ['-'] : names).map((name) => [...start, name].map(printable));
}

export function addExpireCommand(program: Command, io: CliIo): void {
  program
    .command('expire')
    .description('take a name off an image; the files go with the last name')
    .argument('<system>', 'name of the system')
    .argument('<reference>', 'the name to take off')
    .option('--platform <platform>', PLATFORM_HELP)
    .action(async (system: string, reference: string, { platform }: PlatformOption, command: Command) => {
      const { client, json } = connect(command, io);
      const expired = await client.expireImage({ system, reference, platform }, { signal: io.signal });
      if (json) io.stdout.write(`${JSON.stringify(expired)}\n`);
      else if (expired.tag !== null) {
        io.stdout.write(`EXPIRED ${printable(expired.tag.imageId)} ${printable(expired.tag.reference)}\n`);
        io.stderr.write(
          expired.imageRemoved
            ? 'It was the last name: the files have gone.\n'
            : 'The image has other names and stays.\n',
        );
      }
    });
}
