import type { Map as MapLibre } from 'maplibre-gl';
import type { Palette } from './palette';

const SIZE = 64;
const RATIO = 2;

type Draw = (pen: CanvasRenderingContext2D) => void;

/** Icons are drawn here and not fetched: a sprite file that is missing would leave an operator with an empty map. */
export function addIcons(map: MapLibre, palette: Palette): void {
  for (const [name, draw] of Object.entries(icons(palette))) {
    const canvas = document.createElement('canvas');
    canvas.width = SIZE;
    canvas.height = SIZE;
    const pen = canvas.getContext('2d');
    if (!pen) continue;
    pen.translate(SIZE / 2, SIZE / 2);
    draw(pen);
    const image = pen.getImageData(0, 0, SIZE, SIZE);
    if (map.hasImage(name)) map.removeImage(name);
    map.addImage(name, image, { pixelRatio: RATIO });
  }
}

function icons(p: Palette): Record<string, Draw> {
  const named: Record<string, Draw> = {
    'incident-kades': badge(p.panic, p.halo, bell),
    'incident-pts': badge(p.hit, p.halo, plate),
    'incident-phone': badge(p.call, p.halo, phone),
    'incident-team_panic': badge(p.panic, p.halo, bang),
    'incident-drill': badge(p.drill, p.halo, letterT),
    camera: cameraIcon(p.camera, p.halo),
    'camera-off': cameraIcon(p.away, p.halo),
    gate: gateIcon(p.gate, p.halo),
  };
  for (const [state, colour] of [['free', p.free], ['engaged', p.engaged], ['away', p.away]] as const) {
    named[`team-${state}`] = arrow(colour, p.halo, true);
    named[`team-${state}-still`] = arrow(colour, p.halo, false);
  }
  return named;
}

/** A vehicle: a disc with a nose that points where it drives, or a plain disc while nothing is known of that. */
function arrow(colour: string, halo: string, moving: boolean): Draw {
  return (pen) => {
    pen.beginPath();
    pen.arc(0, 4, 15, 0, Math.PI * 2);
    if (moving) {
      pen.moveTo(-11, -7);
      pen.lineTo(0, -25);
      pen.lineTo(11, -7);
    }
    pen.closePath();
    outlined(pen, colour, halo);
    pen.beginPath();
    pen.arc(0, 4, 5.5, 0, Math.PI * 2);
    pen.fillStyle = halo;
    pen.fill();
  };
}

function badge(colour: string, halo: string, glyph: (pen: CanvasRenderingContext2D) => void): Draw {
  return (pen) => {
    pen.beginPath();
    pen.arc(0, 0, 24, 0, Math.PI * 2);
    outlined(pen, colour, halo);
    pen.fillStyle = halo;
    pen.strokeStyle = halo;
    pen.lineWidth = 3.5;
    pen.lineCap = 'round';
    pen.lineJoin = 'round';
    glyph(pen);
  };
}

function outlined(pen: CanvasRenderingContext2D, colour: string, halo: string): void {
  pen.lineJoin = 'round';
  pen.lineWidth = 6;
  pen.strokeStyle = halo;
  pen.stroke();
  pen.fillStyle = colour;
  pen.fill();
}

function bell(pen: CanvasRenderingContext2D): void {
  pen.beginPath();
  pen.moveTo(-11, 6);
  pen.quadraticCurveTo(-8, 2, -8, -4);
  pen.arc(0, -4, 8, Math.PI, 0);
  pen.quadraticCurveTo(8, 2, 11, 6);
  pen.closePath();
  pen.fill();
  pen.beginPath();
  pen.arc(0, 10, 3.5, 0, Math.PI * 2);
  pen.fill();
}

function plate(pen: CanvasRenderingContext2D): void {
  pen.strokeRect(-14, -7, 28, 14);
  pen.fillRect(-14, -7, 6, 14);
  pen.fillRect(-3, -1.5, 13, 3);
}

function phone(pen: CanvasRenderingContext2D): void {
  pen.beginPath();
  pen.arc(3, -3, 13, Math.PI * 0.55, Math.PI * 0.95);
  pen.lineWidth = 7;
  pen.stroke();
  pen.beginPath();
  pen.arc(-8.5, 2, 3.2, 0, Math.PI * 2);
  pen.arc(1.5, 9.5, 3.2, 0, Math.PI * 2);
  pen.fill();
}

function bang(pen: CanvasRenderingContext2D): void {
  pen.fillRect(-3, -14, 6, 17);
  pen.beginPath();
  pen.arc(0, 10, 4, 0, Math.PI * 2);
  pen.fill();
}

function letterT(pen: CanvasRenderingContext2D): void {
  pen.fillRect(-11, -12, 22, 6);
  pen.fillRect(-3, -12, 6, 25);
}

function cameraIcon(colour: string, halo: string): Draw {
  return (pen) => {
    pen.beginPath();
    pen.roundRect(-12, -9, 17, 18, 4);
    pen.moveTo(6, -2);
    pen.lineTo(14, -8);
    pen.lineTo(14, 8);
    pen.lineTo(6, 2);
    pen.closePath();
    outlined(pen, colour, halo);
  };
}

function gateIcon(colour: string, halo: string): Draw {
  return (pen) => {
    pen.beginPath();
    pen.roundRect(-16, -14, 32, 28, 5);
    outlined(pen, colour, halo);
    pen.fillStyle = halo;
    pen.fillRect(-10, -8, 20, 4);
    pen.fillRect(-10, -4, 4, 13);
    pen.fillRect(6, -4, 4, 13);
  };
}
