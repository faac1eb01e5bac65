/**
 * docs/configuration.md, made from the tables that the file is read with.
 * `npx tsx src/config/print-document.ts > docs/configuration.md` writes it anew; a test tells when that is due.
 */
import type { KeyTable, Section } from './keys.js';
import { apiLimitsSection, registryLimitsSection, rootfsLimitsSection } from './limit-keys.js';
import { credentialsSection, locationSection, mirrorSection } from './location-keys.js';
import {
  deliverySection,
  localSection,
  platformSection,
  policySection,
  squashfsSection,
  sshSection,
} from './platform-keys.js';
import { converterOptionsSection, topLevelSection } from './top-level-keys.js';

const SECTIONS: readonly (readonly [string, Section<KeyTable>])[] = [
  ['Top level', topLevelSection],
  ['`ConverterOptions`', converterOptionsSection],
  ['`Platforms.<name>`: a system to publish on', platformSection],
  ['`Platforms.<name>.local`', localSection],
  ['`Platforms.<name>.ssh`', sshSection],
  ['`Platforms.<name>.squashfs`', squashfsSection],
  ['`Platforms.<name>.policy`', policySection],
  ['`Platforms.<name>.delivery`', deliverySection],
  ['`Locations.<name>`: a registry to pull from', locationSection],
  ['`credentials` of a registry or mirror', credentialsSection],
  ['An entry of `Locations.<name>.mirrors` (an address alone stands for `{"url": ...}`)', mirrorSection],
  ['`ApiLimits`', apiLimitsSection],
  ['`RegistryLimits`', registryLimitsSection],
  ['`RootfsLimits`', rootfsLimitsSection],
];

const INTRODUCTION = `# Configuration

The gateway reads \`imagemanager.json\` as Shifter sites have it, named by \`--config\`, \`IMAGEGW_CONFIG\` or \`GWCONFIG\`.
Without a file it runs with one local system and Docker Hub. \`imagegw config check FILE\` prints all problems at once.

- Options of the command line win over the environment (\`IMAGEGW_PORT\`, \`IMAGEGW_STATE\`, \`REDIS_URL\`, \`MONGODB_URI\`), which wins over the file.
- Relative paths start at the configuration file; what is only found relative to the working directory is used with a warning.
- Durations are seconds, or \`"days:hours:minutes:seconds"\`; sizes are bytes, or a text with a unit (\`"512 MiB"\`).
- A key that is not known is ignored with a warning; \`null\` is the same as no key.
`;

/** The whole document, Markdown. */
export function configurationDocument(): string {
  return [INTRODUCTION, ...SECTIONS.map(([title, section]) => sectionDocument(title, section))].join('\n');
}

function sectionDocument(title: string, { keys, legacy }: Section<KeyTable>): string {
  const rows = Object.entries(keys).map(
    ([name, key]) => `| \`${name}\` | ${key.type} | ${key.default} | ${key.meaning} |`,
  );
  const table = ['| key | value | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
  const old = Object.entries(legacy).map(([name, reason]) => `- \`${name}\`: ${reason}`);
  const unused = old.length === 0 ? '' : `\nAccepted and not used:\n\n${old.join('\n')}\n`;
  return `## ${title}\n\n${table}\n${unused}`;
}
