// What the door says to Tauri, and what it makes of the answers.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { states } from '../gallery/states';
import type { SessionState } from './host';
import { tauriHost } from './tauri';

const invoke = vi.fn<(command: string, details: Record<string, unknown>) => Promise<unknown>>();
let callback: ((message: unknown) => void) | undefined;

beforeEach(() => {
  invoke.mockReset().mockResolvedValue(null);
  Object.assign(window, {
    __TAURI_INTERNALS__: {
      invoke,
      transformCallback: (called: (message: unknown) => void) => {
        callback = called;
        return 7;
      },
    },
  });
});

afterEach(() => {
  Reflect.deleteProperty(window, '__TAURI_INTERNALS__');
});

const state = states['signed-in']?.state as SessionState;

describe('the door', () => {
  it('watches by one channel', async () => {
    const received: SessionState[] = [];
    await tauriHost.watch((each) => received.push(each));
    expect(invoke.mock.calls.map(([command]) => command)).toEqual(['watch_session']);
    expect(JSON.stringify(invoke.mock.calls[0]?.[1])).toBe('{"channel":"__CHANNEL__:7"}');
    callback?.({ index: 0, message: state });
    expect(received).toEqual([state]);
  });

  it('asks for the state', async () => {
    invoke.mockResolvedValue(state);
    expect(await tauriHost.sessionState()).toEqual(state);
    expect(invoke.mock.calls[0]?.[0]).toBe('session_state');
  });

  it('sends a verb as the command of its name, with its details and nothing else', async () => {
    await tauriHost.perform({ name: 'sign_in', identifier: 'ada@example.com' });
    await tauriHost.perform({ name: 'copy_token', form: 'header' });
    expect(invoke.mock.calls.map(([command, details]) => [command, details])).toEqual([
      ['sign_in', { identifier: 'ada@example.com' }],
      ['copy_token', { form: 'header' }],
    ]);
  });

  it('asks one doctor, who mends when that is wanted', async () => {
    invoke.mockResolvedValue([]);
    expect(await tauriHost.checkUp()).toEqual([]);
    expect(await tauriHost.mend()).toEqual([]);
    expect(invoke.mock.calls.map(([command, details]) => [command, details])).toEqual([
      ['check_up', { mend: false }],
      ['check_up', { mend: true }],
    ]);
  });

  it('hands over nothing that a verb answers', async () => {
    invoke.mockResolvedValue('eyJhbGciOiJFUzI1NiJ9');
    expect(await tauriHost.perform({ name: 'copy_token', form: 'header' })).toBeUndefined();
  });

  it('rejects with the problem of the program', async () => {
    invoke.mockRejectedValue({ reason: 'offline', detail: null });
    await expect(tauriHost.perform({ name: 'refresh' })).rejects.toEqual({ reason: 'offline', detail: null });
  });

  it.each([
    ['Command refresh not allowed by ACL', 'Command refresh not allowed by ACL'],
    [new Error('lost'), null],
    [undefined, null],
  ])('calls any other rejection unexpected (%s)', async (rejection, detail) => {
    invoke.mockRejectedValue(rejection);
    await expect(tauriHost.perform({ name: 'refresh' })).rejects.toEqual({ reason: 'unexpected', detail });
  });
});
