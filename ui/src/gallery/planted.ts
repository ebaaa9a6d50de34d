// Faults that are put into a state on purpose: whoever judges the states must find them, or says nothing about the rest.
import { barriers, cutOff } from './judge';

const FAULTS: { complaint: string; judge: () => string[] | Promise<string[]>; plant: (place: HTMLElement) => void }[] = [
  {
    complaint: 'button-name',
    judge: barriers,
    plant: (place) => place.append(document.createElement('button')),
  },
  {
    complaint: 'color-contrast',
    judge: barriers,
    plant: (place) => (write(place, 'pale').style.color = 'var(--hairline)'),
  },
  {
    complaint: 'the page is',
    judge: cutOff,
    plant: (place) => (write(place, 'wide').style.width = '200vw'),
  },
  {
    complaint: 'cut off: "hidden"',
    judge: cutOff,
    plant: (place) => Object.assign(write(place, 'hidden').style, { width: '1ch', overflow: 'hidden', whiteSpace: 'nowrap' }),
  },
  {
    complaint: 'cut off: "low"',
    judge: cutOff,
    plant: (place) => Object.assign(write(place, 'low').style, { height: '4px', overflow: 'hidden' }),
  },
  {
    complaint: 'cut off: "aside"',
    judge: cutOff,
    plant: (place) => Object.assign(write(place, 'aside').style, { position: 'relative', insetInlineStart: '-3rem' }),
  },
  {
    complaint: 'cut off: "below"',
    judge: cutOff,
    plant: (place) => Object.assign(write(place, 'below').style, { position: 'fixed', top: '100vh' }),
  },
];

/** The complaints that were not made about faults that are there. */
export async function overlooked(): Promise<string[]> {
  const missed: string[] = [];
  for (const { complaint, judge, plant } of FAULTS) {
    const place = document.createElement('div');
    document.querySelector('main')?.append(place);
    plant(place);
    if (!(await judge()).some((each) => each.startsWith(complaint))) {
      missed.push(complaint);
    }
    place.remove();
  }
  return missed;
}

function write(place: HTMLElement, words: string): HTMLElement {
  const text = document.createElement('p');
  text.textContent = words;
  place.append(text);
  return text;
}
