// Invented photos, drawn: a pothole, a fallen sign, a lifted slab, fresh asphalt.

async function draw(page, scene) {
  const base64 = await page.evaluate(async (name) => {
    const canvas = new OffscreenCanvas(1600, 1200);
    const pen = canvas.getContext('2d');
    let seed = name.length * 7919;
    const chance = () => ((seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff);
    const grains = (left, top, width, height, colours, count, size) => {
      for (let n = 0; n < count; n += 1) {
        pen.fillStyle = colours[Math.floor(chance() * colours.length)];
        pen.fillRect(left + chance() * width, top + chance() * height, size * (0.4 + chance()), size * (0.4 + chance()));
      }
    };
    const blob = (x, y, radius, colour) => {
      pen.fillStyle = colour;
      pen.beginPath();
      for (let n = 0; n <= 24; n += 1) {
        const turn = (n / 24) * Math.PI * 2;
        const far = radius * (0.8 + 0.3 * Math.sin(n * 2.3) * chance() + 0.1 * chance());
        pen.lineTo(x + Math.cos(turn) * far * 1.5, y + Math.sin(turn) * far * 0.7);
      }
      pen.fill();
    };
    const sky = pen.createLinearGradient(0, 0, 0, 420);
    sky.addColorStop(0, '#9db9cf');
    sky.addColorStop(1, '#dfe6ea');
    pen.fillStyle = sky;
    pen.fillRect(0, 0, 1600, 420);
    for (let n = 0; n < 5; n += 1) {
      pen.fillStyle = ['#c9b79c', '#b7a58d', '#d6c9b2', '#a99c8b', '#c2b49b'][n];
      pen.fillRect(n * 330, 120 + (n % 3) * 50, 330, 320);
      pen.fillStyle = '#5f6b73';
      for (let w = 0; w < 6; w += 1) pen.fillRect(n * 330 + 40 + (w % 3) * 95, 180 + (n % 3) * 50 + Math.floor(w / 3) * 110, 48, 70);
    }
    pen.fillStyle = '#8f8f8b';
    pen.fillRect(0, 420, 1600, 130);
    grains(0, 420, 1600, 130, ['#9a9a96', '#85857f'], 6000, 5);
    pen.fillStyle = '#55575a';
    pen.fillRect(0, 540, 1600, 660);
    grains(0, 540, 1600, 660, ['#4b4d50', '#606265', '#6a6c6e', '#414346'], 40000, 5);
    if (name === 'pothole') {
      blob(820, 880, 260, '#3a3b3c');
      blob(830, 900, 200, '#2a2623');
      blob(840, 915, 120, '#6f7d86');
    } else if (name === 'sign') {
      pen.save();
      pen.translate(760, 780);
      pen.rotate(-1.1);
      pen.fillStyle = '#8d9499';
      pen.fillRect(-12, -40, 24, 520);
      pen.fillStyle = '#b3122a';
      pen.beginPath();
      for (let n = 0; n < 8; n += 1) pen.lineTo(Math.cos(((n + 0.5) * Math.PI) / 4) * 190, -150 + Math.sin(((n + 0.5) * Math.PI) / 4) * 190);
      pen.fill();
      pen.fillStyle = '#fff';
      pen.font = 'bold 110px sans-serif';
      pen.textAlign = 'center';
      pen.fillText('STOP', 0, -112);
      pen.restore();
    } else if (name === 'slab') {
      for (let n = 0; n < 24; n += 1) {
        pen.fillStyle = ['#b9b4aa', '#a8a399', '#c4bfb5'][n % 3];
        pen.fillRect((n % 6) * 270 + 6, 560 + Math.floor(n / 6) * 160, 256, 150);
      }
      pen.fillStyle = '#2e2a26';
      pen.fillRect(540, 712, 270, 44);
      pen.fillStyle = '#cfcabf';
      pen.beginPath();
      pen.moveTo(545, 700);
      pen.lineTo(800, 640);
      pen.lineTo(812, 780);
      pen.lineTo(552, 862);
      pen.fill();
      grains(0, 560, 1600, 640, ['#9c978d', '#b1aca2', '#8f8a80'], 15000, 4);
    } else {
      blob(820, 880, 290, '#232527');
      grains(480, 700, 680, 360, ['#1d1f21', '#2d2f31'], 9000, 6);
    }
    const made = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.86 });
    const bytes = new Uint8Array(await made.arrayBuffer());
    let text = '';
    for (const byte of bytes) text += String.fromCharCode(byte);
    return btoa(text);
  }, scene);
  return { name: 'photo.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(base64, 'base64') };
}

export async function scenes(page) {
  const made = [];
  for (const scene of ['pothole', 'sign', 'slab', 'repaired']) made.push(await draw(page, scene));
  return made;
}
