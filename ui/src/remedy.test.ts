import { describe, expect, it } from 'vitest';

import type { Stage, TroubleReason, Verb } from './host/host';
import { cureFor, failureFor, type Cure, type Situation } from './remedy';
import { failures } from './words';

const reasons = Object.keys(failures) as TroubleReason[];

/** What each screen can do: a button that does something else would do nothing. */
const offered: Record<Stage['kind'], Cure['name'][]> = {
  starting: ['watch_again', 'try_again'],
  unknown: ['sign_in', 'continue_in_browser', 'try_again', 'focus_field'],
  signed_out: ['sign_in', 'continue_in_browser', 'try_again', 'focus_field'],
  signing_in: [
    'open_again',
    'try_another_way',
    'copy_sign_in_address',
    'paste_return_address',
    'try_again',
    'cancel_sign_in',
    'open_outbox',
  ],
  signed_in: ['copy_token', 'refresh', 'sign_out', 'dismiss', 'try_again'],
};

const situation = (stage: Stage['kind'], more: Partial<Situation> = {}): Situation => ({
  stage,
  redeeming: false,
  refused: null,
  entry: null,
  ...more,
});

const signIn: Verb = { name: 'sign_in', identifier: 'ada@example.com' };

describe.each(Object.keys(offered) as Stage['kind'][])('on the screen "%s"', (stage) => {
  it.each(reasons)('%s is mended by something this screen can do', (reason) => {
    const remedy = cureFor(reason, situation(stage));
    if (failureFor(reason, situation(stage)).verb === null) {
      expect(remedy).toBeNull();
    } else {
      expect(remedy?.label).not.toBe('');
      expect(offered[stage]).toContain(remedy?.cure.name);
    }
  });
});

describe('"try again"', () => {
  it('begins a refused sign-in with what is typed by then', () => {
    const entry: Verb = { name: 'sign_in', identifier: 'grace@example.com' };
    expect(cureFor('offline', situation('signed_out', { refused: signIn, entry }))?.cure).toEqual(entry);
  });

  it('lets the program do again what it met by itself', () => {
    expect(cureFor('local_provider_not_started', situation('signed_out', { entry: signIn }))?.cure.name).toBe('try_again');
  });

  it('repeats what was refused', () => {
    const refused: Verb = { name: 'copy_sign_in_address' };
    expect(cureFor('clipboard_failed', situation('signing_in', { refused }))?.cure).toEqual(refused);
    expect(cureFor('offline', situation('signed_in', { refused: { name: 'copy_token', form: 'header' } }))?.cure.name).toBe('copy_token');
  });

  it('goes on with a sign-in that has begun, and begins no second one', () => {
    expect(cureFor('offline', situation('signing_in', { refused: signIn }))?.cure.name).toBe('open_again');
  });

  it('leads to the field when a sign-in has ended and nothing is typed', () => {
    expect(cureFor('sign_in_needed', situation('signed_out'))?.cure).toEqual({ name: 'focus_field' });
    expect(cureFor('sign_in_expired', situation('signed_out', { entry: signIn }))?.cure).toEqual(signIn);
  });

  it.each(['offline', 'browser_not_opened'] as const)('opens the page for signing out once more after %s', (reason) => {
    const refused: Verb = { name: 'sign_out_in_browser' };
    expect(cureFor(reason, situation('signed_out', { refused }))).toEqual({ label: 'Try again', cure: refused });
  });

  it('gives up a session only when it is over', () => {
    const givesUp = reasons.filter((reason) => cureFor(reason, situation('signed_in'))?.cure.name === 'sign_out');
    expect(givesUp).toEqual(['sign_in_needed', 'keyring_damaged']);
  });

  it.each(['keyring_unavailable', 'keyring_waiting', 'keyring_locked'] as const)('signs out once more when %s refused it', (reason) => {
    const refused: Verb = { name: 'sign_out' };
    expect(cureFor(reason, situation('signed_in', { refused }))).toEqual({ label: 'Try again', cure: refused });
  });

  it.each(['keyring_unavailable', 'keyring_waiting'] as const)('is not offered when %s is only worth knowing', (reason) => {
    expect(cureFor(reason, situation('signed_in'))).toBeNull();
  });

  it.each(Object.keys(offered) as Stage['kind'][])('has the keyring ask for its password: %s', (stage) => {
    expect(cureFor('keyring_locked', situation(stage))?.cure.name).toBe('try_again');
  });

  it('is a fresh token where one did not pass verification, also when a copy was refused for it', () => {
    const refused: Verb = { name: 'copy_token', form: 'header' };
    expect(cureFor('verification_failed', situation('signed_in'))?.cure.name).toBe('refresh');
    expect(cureFor('verification_failed', situation('signed_in', { refused }))?.cure.name).toBe('refresh');
  });

  it('repeats the exchange once the link is back, whatever was refused before', () => {
    const refused: Verb = { name: 'open_again' };
    expect(cureFor('provider_broken', situation('signing_in', { redeeming: true }))?.cure.name).toBe('try_again');
    expect(cureFor('offline', situation('signing_in', { redeeming: true, refused }))?.cure.name).toBe('try_again');
  });

  it.each(reasons)('opens no page once the link is back: %s', (reason) => {
    const remedy = cureFor(reason, situation('signing_in', { redeeming: true }));
    expect([undefined, 'try_again', 'cancel_sign_in']).toContain(remedy?.cure.name);
  });
});
