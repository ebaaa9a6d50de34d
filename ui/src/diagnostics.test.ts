import { describe, expect, it } from 'vitest';

import { Diagnostics } from './diagnostics.svelte';
import { states } from './gallery/states';
import type { FindingView } from './host/host';
import { MemoryHost } from './host/memory';

const WELL = states['diagnostics-well']?.findings ?? [];
const BAD = states['diagnostics-bad']?.findings ?? [];
const REFUSED = { reason: 'diagnostics_failed', detail: null } as const;

function finding(findings: FindingView[], mended: FindingView[] = []): { host: MemoryHost; diagnostics: Diagnostics } {
  const host = new MemoryHost();
  Object.assign(host, { findings, mended });
  return { host, diagnostics: new Diagnostics(host) };
}

describe('the diagnostics', () => {
  it('have what the doctor finds', async () => {
    const { diagnostics } = finding(BAD);
    expect(diagnostics.findings).toBeNull();
    const check = diagnostics.check();
    expect(diagnostics.doing).toBe('check');
    await check;
    expect(diagnostics.findings).toEqual(BAD);
    expect(diagnostics.doing).toBeNull();
  });

  it('keep it until there is something newer', async () => {
    const { host, diagnostics } = finding(BAD, WELL);
    await diagnostics.check();
    const mend = diagnostics.mend();
    expect(diagnostics.doing).toBe('mend');
    expect(diagnostics.findings).toEqual(BAD);
    await mend;
    expect(diagnostics.findings).toEqual(WELL);
    expect(host.performed).toEqual([{ name: 'check_up' }, { name: 'mend' }]);
  });

  it('ask for one thing at a time', async () => {
    const { host, diagnostics } = finding(BAD);
    await Promise.all([diagnostics.check(), diagnostics.check(), diagnostics.mend()]);
    expect(host.performed).toEqual([{ name: 'check_up' }]);
  });

  it('show no old answer for a new one that never came', async () => {
    const { host, diagnostics } = finding(WELL);
    await diagnostics.check();
    host.refusals.set('check_up', REFUSED);
    await diagnostics.check();
    expect(diagnostics.problem).toEqual(REFUSED);
    expect(diagnostics.findings).toBeNull();
    host.refusals.clear();
    await diagnostics.check();
    expect(diagnostics.problem).toBeNull();
    expect(diagnostics.findings).toEqual(WELL);
  });
});
