import { flushSync } from 'svelte';
import { describe, expect, it } from 'vitest';

import { states } from './gallery/states';
import type { SessionState, Trouble } from './host/host';
import { MemoryHost } from './host/memory';
import { Session } from './session.svelte';

const OFFLINE: Trouble = { reason: 'offline', detail: null };

function state(name: string): SessionState {
  const found = states[name]?.state;
  if (!found) {
    throw new Error(`no state "${name}"`);
  }
  return structuredClone(found);
}

async function started(name: string): Promise<{ host: MemoryHost; session: Session }> {
  const host = new MemoryHost(state(name));
  const session = new Session(host);
  await session.start();
  flushSync();
  return { host, session };
}

describe('the state', () => {
  it('is the last one that was sent', async () => {
    const { host, session } = await started('sign-in');
    expect(session.state?.stage.kind).toBe('signed_out');
    host.send(state('waiting-email'));
    expect(session.state?.stage.kind).toBe('signing_in');
  });

  it('is asked for when a message was missed', async () => {
    const { host, session } = await started('waiting-email');
    host.sendNothing(state('signed-in'));
    expect(session.state?.stage.kind).toBe('signing_in');
    await session.catchUp();
    expect(session.state?.stage.kind).toBe('signed_in');
  });

  it('that was asked for gives way to one that was sent meanwhile', async () => {
    const { host, session } = await started('waiting-email');
    const answer = session.catchUp();
    host.send(state('signed-in'));
    host.sendNothing(state('waiting-email'));
    await answer;
    expect(session.state?.stage.kind).toBe('signed_in');
  });

  it('that cannot be had is a problem with a way to ask again', async () => {
    const host = new MemoryHost(state('sign-in'));
    host.watch = () => Promise.reject(OFFLINE);
    const session = new Session(host);
    await session.start();
    expect(session.problem).toEqual(OFFLINE);
    expect(session.remedy?.cure).toEqual({ name: 'watch_again' });
  });
});

describe('a verb', () => {
  it('that is refused shows its problem', async () => {
    const { host, session } = await started('signed-in');
    host.refusals.set('copy_token', OFFLINE);
    expect(await session.perform({ name: 'copy_token', form: 'header' })).toBe(false);
    expect(session.problem).toEqual(OFFLINE);
    expect(session.remedy?.cure).toEqual({ name: 'copy_token', form: 'header' });
  });

  it('that succeeds takes the problem of the last one away', async () => {
    const { host, session } = await started('signed-in');
    host.refusals.set('copy_token', OFFLINE);
    await session.perform({ name: 'copy_token', form: 'header' });
    expect(await session.perform({ name: 'refresh' })).toBe(true);
    expect(session.problem).toBeNull();
  });

  it('is not asked for twice at once, and others do not wait for it', async () => {
    const { host, session } = await started('waiting-email');
    host.endless.add('open_again');
    void session.perform({ name: 'open_again' });
    expect(session.isPending('open_again')).toBe(true);
    expect(await session.perform({ name: 'open_again' })).toBe(false);
    expect(await session.perform({ name: 'cancel_sign_in' })).toBe(true);
    expect(host.performed.map((verb) => verb.name)).toEqual(['open_again', 'cancel_sign_in']);
  });

  it('that fails because it was cancelled says nothing', async () => {
    const { host, session } = await started('sign-in');
    let refuse = (_: Trouble) => undefined as void;
    const perform = host.perform.bind(host);
    host.perform = (verb) =>
      verb.name === 'sign_in' ? new Promise((_, reject) => (refuse = reject)) : perform(verb);

    const signIn = session.perform({ name: 'sign_in', identifier: 'ada@example.com' });
    await session.perform({ name: 'cancel_sign_in' });
    refuse(OFFLINE);
    expect(await signIn).toBe(false);
    expect(session.problem).toBeNull();
  });
});

describe('the button beside a problem', () => {
  const TRY_AGAIN = { label: 'Try again', cure: { name: 'try_again' } };

  it('keeps the problem until what it does has ended, also when the program takes it back meanwhile', async () => {
    const { host, session } = await started('redeeming-offline');
    let end = () => undefined as void;
    host.perform = () => new Promise((resolve) => (end = resolve));

    const mended = session.mend(() => undefined);
    expect([session.problem?.reason, session.remedy, session.isMending]).toEqual(['offline', TRY_AGAIN, true]);
    host.send(state('redeeming'));
    expect([session.problem?.reason, session.remedy, session.isMending]).toEqual(['offline', TRY_AGAIN, true]);
    end();
    await mended;
    expect([session.problem, session.isMending]).toEqual([null, false]);
  });

  it('lets the problem go as soon as the walk goes on', async () => {
    const { host, session } = await started('redeeming-offline');
    host.endless.add('try_again');
    void session.mend(() => undefined);
    host.send(state('signed-in'));
    expect([session.problem, session.isMending]).toEqual([null, false]);
  });

  it('keeps a refusal until the verb ends, and then shows the newer one', async () => {
    const { host, session } = await started('signed-in');
    host.refusals.set('copy_token', OFFLINE);
    await session.perform({ name: 'copy_token', form: 'header' });
    host.refusals.set('copy_token', { reason: 'clipboard_failed', detail: null });
    const mended = session.mend(() => undefined);
    expect(session.problem).toEqual(OFFLINE);
    await mended;
    expect([session.problem?.reason, session.isMending]).toEqual(['clipboard_failed', false]);
  });

  it('is at work when its verb is, whichever button asked for that', async () => {
    const { host, session } = await started('signed-in-offline');
    host.endless.add('refresh');
    void session.perform({ name: 'refresh' });
    expect(session.isMending).toBe(true);
  });
});

describe('a refusal', () => {
  it('of a sign-in stays when the waiting screen it led to arrives late', async () => {
    const { host, session } = await started('sign-in');
    host.refusals.set('sign_in', { reason: 'browser_not_opened', detail: null });
    await session.perform({ name: 'sign_in', identifier: 'ada@example.com' });
    host.send(state('waiting-email'));
    expect(session.problem?.reason).toBe('browser_not_opened');
    expect(session.remedy?.cure).toEqual({ name: 'copy_sign_in_address' });
  });

  it('of another way stays when the attempt it began arrives late', async () => {
    const { host, session } = await started('waiting-email-60s');
    host.refusals.set('try_another_way', { reason: 'browser_not_opened', detail: null });
    await session.perform({ name: 'try_another_way' });
    host.send(state('waiting-loopback'));
    expect(session.problem?.reason).toBe('browser_not_opened');
  });

  it('is history once the sign-in went on', async () => {
    const { host, session } = await started('waiting-email');
    host.refusals.set('paste_return_address', { reason: 'nothing_to_paste', detail: null });
    await session.perform({ name: 'paste_return_address' });
    host.send(state('redeeming'));
    expect(session.problem).toBeNull();
  });

  it('is history once the token is a fresh one', async () => {
    const { host, session } = await started('signed-in-expired');
    host.refusals.set('refresh', OFFLINE);
    await session.perform({ name: 'refresh' });
    host.send(state('signed-in-expired'));
    expect(session.problem).toEqual(OFFLINE);
    host.send(state('signed-in'));
    expect(session.problem).toBeNull();
  });
});

describe('a problem that the program keeps', () => {
  it('stays dismissed when the same state is sent again', async () => {
    const { host, session } = await started('signed-in-link-foreign');
    const remedy = session.remedy;
    expect(remedy?.cure).toEqual({ name: 'dismiss' });
    await session.mend(() => undefined);
    host.send(state('signed-in-link-foreign'));
    expect(session.problem).toBeNull();
  });

  it('is shown again when the next sign-in ends with it too', async () => {
    const { host, session } = await started('sign-in-offline');
    session.dismiss();
    expect(session.problem).toBeNull();
    await session.perform({ name: 'sign_in', identifier: 'ada@example.com' });
    host.send(state('sign-in-offline'));
    expect(session.problem?.reason).toBe('offline');
  });

  it('comes back when it happens anew', async () => {
    const { host, session } = await started('signed-in-link-foreign');
    await session.mend(() => undefined);
    host.send(state('signed-in'));
    host.send(state('signed-in-link-foreign'));
    expect(session.problem?.reason).toBe('link_foreign');
  });
});

describe('what was typed', () => {
  it('outlives a cancelled sign-in, also one that began before the window was there', async () => {
    const { host, session } = await started('waiting-email');
    host.send(state('sign-in'));
    expect(session.identifier).toBe('ada@example.com');
  });

  it('is forgotten once somebody is signed in', async () => {
    const { host, session } = await started('waiting-email');
    host.send(state('signed-in'));
    host.send(state('sign-in'));
    expect(session.identifier).toBe('');
  });

  it('is what "start again" signs in with', async () => {
    const { session } = await started('sign-in-sign-in-expired');
    session.identifier = ' +442079460958 ';
    expect(session.remedy?.cure).toEqual({ name: 'sign_in', identifier: '+442079460958' });
  });

  it('need not be there after "Continue in browser"', async () => {
    const { host, session } = await started('waiting-browser');
    host.send(state('sign-in-sign-in-expired'));
    expect(session.remedy?.cure).toEqual({ name: 'continue_in_browser' });
  });
});
