import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CliRun } from '../support/cli-run.js';
import { refusal, ScriptedGateway } from '../support/graphql-server.js';
import { failedState, IMAGE_ID, imageDetail, pullState, readyState } from '../support/pull-states.js';

let gateway: ScriptedGateway;

beforeEach(async () => {
  gateway = await ScriptedGateway.start({
    system: ({ name }) => (name === 'perlmutter' ? { name } : null),
    image: ({ reference }) => (reference === 'alpine' ? imageDetail() : null),
  });
});
afterEach(() => gateway.stop());

const run = (...args: string[]): CliRun => new CliRun(args, { url: gateway.url });

async function resultOf(cli: CliRun): Promise<{ code: number; stdout: string; stderr: string }> {
  return { code: await cli.exited, stdout: cli.stdout, stderr: cli.stderr };
}

describe('imagegw lookup', () => {
  it('prints the id of the image alone, or the image as JSON', async () => {
    expect(await resultOf(run('lookup', 'perlmutter', 'alpine'))).toEqual({
      code: 0,
      stdout: `${IMAGE_ID}\n`,
      stderr: '',
    });
    const json = await resultOf(run('--json', 'lookup', 'perlmutter', 'alpine'));
    expect(JSON.parse(json.stdout)).toEqual(imageDetail());
  });

  it('has exit code 1 when there is no image or no such system', async () => {
    const none = await resultOf(run('lookup', 'perlmutter', 'busybox'));
    expect(none).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('no image "busybox" on perlmutter'),
    });
    const nowhere = await resultOf(run('lookup', 'mars', 'alpine'));
    expect(nowhere).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining('FAILED UNKNOWN_SYSTEM'),
    });
  });
});

describe('imagegw images', () => {
  const createdAt = new Date(Date.now() - 3 * 3_600_000 - 60_000).toISOString();
  const evil = imageDetail({ system: { name: 'cori' }, size: 512, createdAt, tags: [] });
  const tag = imageDetail().tags[0]!;

  beforeEach(() => {
    const tags = [tag, { ...tag, reference: 'ghcr.io/a\x1b]0;b', platform: 'linux/arm64' }];
    gateway.answers['images'] = () => ({
      nodes: [imageDetail({ tags, createdAt }), evil],
      pageInfo: { hasNextPage: false, endCursor: null },
    });
  });

  it('prints a table with a row for each name', async () => {
    expect(await resultOf(run('images'))).toEqual({
      code: 0,
      stdout: [
        'IMAGE         SYSTEM      SIZE      AGE  NAME',
        'abababababab  perlmutter  20.0 MiB  3 h  docker.io/library/alpine:latest',
        'abababababab  perlmutter  20.0 MiB  3 h  ghcr.io/a]0;b (linux/arm64)',
        'abababababab  cori        512 B     3 h  -',
        '',
      ].join('\n'),
      stderr: '',
    });
  });

  it('asks for the system and the text', async () => {
    await run('images', 'perlmutter', '--name', 'alp').exited;
    expect(gateway.callsOf('images')[0]).toMatchObject({
      where: { system: 'perlmutter', nameContains: 'alp' },
    });
  });

  it('prints an image a line as JSON', async () => {
    const { stdout } = await resultOf(run('images', '--json'));
    const images = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { imageId: string });
    expect(images.map(({ imageId }) => imageId)).toEqual([IMAGE_ID, IMAGE_ID]);
  });
});

describe('imagegw watch', () => {
  it('follows a pull to its end', async () => {
    gateway.pull('pull-1').emit(pullState(1));
    const cli = run('watch', 'pull-1');
    await cli.saysOnStderr(/QUEUED/);
    gateway.pull('pull-1').emit(readyState(2));
    expect(await cli.exited).toBe(0);
    expect(cli.stdout).toBe(`READY ${IMAGE_ID} /images/${IMAGE_ID}.squashfs\n`);
  });

  it('has the exit codes of pull', async () => {
    gateway.pull('pull-1').emit(failedState(2, { code: 'DENIED' }));
    expect(await run('watch', 'pull-1').exited).toBe(3);
    gateway.pull('pull-2').refuse = () => refusal('NOT_FOUND', 'There is no pull "pull-2".');
    expect(await resultOf(run('watch', 'pull-2'))).toMatchObject({
      code: 1,
      stderr: 'FAILED NOT_FOUND: There is no pull "pull-2".\n',
    });
  });

  it('interrupted lets the pull go on', async () => {
    gateway.pull('pull-1').emit(pullState(1));
    const cli = run('watch', 'pull-1');
    await cli.saysOnStderr(/QUEUED/);
    cli.interrupt();
    expect(await cli.exited).toBe(130);
    expect(gateway.calls).toEqual([]);
    await gateway.pull('pull-1').deserted();
  });
});

describe('imagegw cancel', () => {
  it('prints what has become of the pull', async () => {
    gateway.answers['cancelPull'] = () => ({
      pull: pullState(3, { state: 'CANCELLED', stage: null }),
      errors: [],
    });
    expect(await resultOf(run('cancel', 'pull-1', '--force'))).toEqual({
      code: 0,
      stdout: 'CANCELLED pull-1\n',
      stderr: '',
    });
    expect(gateway.callsOf('cancelPull')).toEqual([{ input: { id: 'pull-1', force: true } }]);
    expect(JSON.parse((await resultOf(run('cancel', 'pull-1', '--json'))).stdout)).toMatchObject({
      state: 'CANCELLED',
    });
  });

  it('has exit code 3 when it is not allowed', async () => {
    const error = {
      __typename: 'NotAllowedError',
      code: 'FORBIDDEN',
      message: 'Only administrators may.',
      path: null,
    };
    gateway.answers['cancelPull'] = () => ({ pull: null, errors: [error] });
    expect(await resultOf(run('cancel', 'pull-1', '--force'))).toEqual({
      code: 3,
      stdout: '',
      stderr: 'FAILED FORBIDDEN: Only administrators may.\n',
    });
  });
});

describe('imagegw expire', () => {
  it('prints the name that it took off', async () => {
    const tag = { reference: 'docker.io/library/alpine:latest', imageId: IMAGE_ID };
    gateway.answers['expireImage'] = () => ({ tag, imageRemoved: true, errors: [] });
    expect(await resultOf(run('expire', 'perlmutter', 'alpine'))).toEqual({
      code: 0,
      stdout: `EXPIRED ${IMAGE_ID} docker.io/library/alpine:latest\n`,
      stderr: 'It was the last name: the files have gone.\n',
    });
    expect(gateway.callsOf('expireImage')).toEqual([
      { input: { system: 'perlmutter', reference: 'alpine' } },
    ]);
  });
});

describe('the command line', () => {
  it.each([
    [[]],
    [['frobnicate']],
    [['pull', 'perlmutter']],
    [['pull', 'perlmutter', 'alpine', 'more']],
    [['pull', 'perlmutter', 'alpine', '--frob']],
    [['lookup', '--platform']],
    [['--url', 'not an address', 'images']],
  ])('%j has exit code 2 and says why on stderr', async (args) => {
    const { code, stdout, stderr } = await resultOf(run(...args));
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toBe('');
    expect(gateway.calls).toEqual([]);
  });

  it('prints help on stdout with exit code 0', async () => {
    const { code, stdout, stderr } = await resultOf(run('pull', '--help'));
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/--no-wait[\s\S]*--url/);
  });

  it('has exit code 4 when no gateway answers', async () => {
    await gateway.stop();
    for (const args of [['images'], ['pull', 'perlmutter', 'alpine'], ['watch', 'pull-1']]) {
      expect(await resultOf(run(...args))).toMatchObject({
        code: 4,
        stdout: '',
        stderr: expect.stringContaining('FAILED UNREACHABLE'),
      });
    }
  });

  it('has exit code 4 when something else answers', async () => {
    gateway.plainAnswer = { status: 200, body: 'Welcome to nginx!' };
    expect(await run('images').exited).toBe(4);
  });

  it('has exit code 3 without a valid token, and takes it from the option or the environment', async () => {
    gateway.authorization = 'Bearer secret';
    const lookup = ['lookup', 'perlmutter', 'alpine'];
    expect(await run(...lookup).exited).toBe(3);
    expect(await run(...lookup, '--token', 'secret').exited).toBe(0);
    expect(
      await new CliRun(lookup, { url: gateway.url, environment: { IMAGEGW_TOKEN: 'secret' } }).exited,
    ).toBe(0);
    expect(await run('watch', 'pull-1', '--token', 'wrong').exited).toBe(3);
  });

  it('prefers the address on the command line, before or after the command', async () => {
    for (const args of [
      ['--url', gateway.url, 'lookup'],
      ['lookup', '--url', gateway.url],
    ]) {
      const cli = new CliRun([...args, 'perlmutter', 'alpine'], { url: 'http://127.0.0.1:1' });
      expect(await cli.exited).toBe(0);
    }
  });

  it('interrupted anywhere has exit code 130', async () => {
    const cli = run('images');
    cli.interrupt();
    expect(await cli.exited).toBe(130);
  });
});
