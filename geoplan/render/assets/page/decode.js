// Reads what the page carries: inflates it, turns steps into coordinates and dictionaries into columns.
(function (geoplan) {
  "use strict";

  geoplan.read = function (id) {
    var packed = JSON.parse(document.getElementById(id).textContent);
    var letters = atob(packed.deflated);
    var source = new Uint8Array(letters.length);
    for (var i = 0; i < letters.length; i++) source[i] = letters.charCodeAt(i);
    var plain = new Uint8Array(packed.bytes);
    geoplan.inflate(source, plain);
    return JSON.parse(new TextDecoder().decode(plain));
  };

  // A column of words: its value in a row, or null.
  geoplan.column = function (encoded) {
    if (!encoded) return function () { return null; };
    if (Array.isArray(encoded)) return function (row) { return encoded[row]; };
    return function (row) {
      var at = encoded.at[row];
      return at < 0 || at === undefined ? null : encoded.words[at];
    };
  };

  // The plane in which Leaflet's CRS works at zoom 0; it only has to be scaled by 2^zoom.
  geoplan.plane = function (grid) {
    if (grid.crs === "local") {
      return {
        x: function (east) { return east; },
        y: function (north) { return -north; },
        pixelsPerMetre: function (zoom) { return Math.pow(2, zoom); },
      };
    }
    return {
      x: function (lon) { return 256 * (lon / 360 + 0.5); },
      y: function (lat) {
        var sine = Math.sin((lat * Math.PI) / 180);
        return 256 * (0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI));
      },
      pixelsPerMetre: function (zoom, lat) {
        return (256 * Math.pow(2, zoom)) / (2 * Math.PI * 6378137 * Math.cos((lat * Math.PI) / 180));
      },
    };
  };

  // Shapes of one kind of one layer: rings (or lines, or points) one after the other, and where each row's begin.
  function Shapes(encoded, grid, plane, count, isClosed) {
    this.isClosed = isClosed;
    var total = encoded.xy.length / 2;
    this.lon = new Float64Array(total);
    this.lat = new Float64Array(total);
    this.x = new Float64Array(total);
    this.y = new Float64Array(total);
    var east = 0;
    var north = 0;
    for (var i = 0; i < total; i++) {
      east += encoded.xy[2 * i];
      north += encoded.xy[2 * i + 1];
      this.lon[i] = grid.west + east * grid.step;
      this.lat[i] = grid.south + north * grid.step;
      this.x[i] = plane.x(this.lon[i]);
      this.y[i] = plane.y(this.lat[i]);
    }
    var rings = encoded.sizes.length;
    this.start = new Int32Array(rings + 1);
    this.ring = new Int32Array(count + 1); // rings of row r: ring[r] to ring[r + 1]
    this.count = count;
    for (var k = 0; k < rings; k++) {
      this.start[k + 1] = this.start[k] + encoded.sizes[k];
      this.ring[encoded.rows[k] + 1]++;
    }
    for (var r = 0; r < count; r++) this.ring[r + 1] += this.ring[r];
    this._measure();
  }

  Shapes.prototype._measure = function () {
    this.box = new Float64Array(4 * this.count);
    for (var r = 0; r < this.count; r++) {
      var west = Infinity, north = Infinity, east = -Infinity, south = -Infinity;
      for (var i = this.start[this.ring[r]]; i < this.start[this.ring[r + 1]]; i++) {
        west = Math.min(west, this.x[i]);
        east = Math.max(east, this.x[i]);
        north = Math.min(north, this.y[i]);
        south = Math.max(south, this.y[i]);
      }
      this.box.set([west, north, east, south], 4 * r);
    }
  };

  // The last row that holds a point of the plane, or -1 (the last is drawn on top).
  Shapes.prototype.at = function (x, y) {
    for (var r = this.count - 1; r >= 0; r--) {
      var b = 4 * r;
      if (x < this.box[b] || x > this.box[b + 2] || y < this.box[b + 1] || y > this.box[b + 3]) continue;
      if (this._holds(r, x, y)) return r;
    }
    return -1;
  };

  Shapes.prototype._holds = function (row, x, y) {
    var inside = false;
    for (var k = this.ring[row]; k < this.ring[row + 1]; k++) {
      var from = this.start[k], to = this.start[k + 1];
      for (var i = from, j = to - 1; i < to; j = i++) {
        if (this.y[i] > y !== this.y[j] > y &&
            x < ((this.x[j] - this.x[i]) * (y - this.y[i])) / (this.y[j] - this.y[i]) + this.x[i]) {
          inside = !inside;
        }
      }
    }
    return inside;
  };

  // Rings of a row as Leaflet takes them: [[lat, lon], ...] each.
  Shapes.prototype.latLngs = function (row) {
    var rings = [];
    for (var k = this.ring[row]; k < this.ring[row + 1]; k++) {
      var ring = [];
      for (var i = this.start[k]; i < this.start[k + 1]; i++) ring.push([this.lat[i], this.lon[i]]);
      rings.push(ring);
    }
    return rings;
  };

  geoplan.shapes = function (encoded, grid, plane, count) {
    var kinds = {};
    Object.keys(encoded).forEach(function (kind) {
      var rows = count;
      if (rows === undefined) rows = encoded[kind].rows.reduce(function (a, b) { return Math.max(a, b); }, -1) + 1;
      kinds[kind] = new Shapes(encoded[kind], grid, plane, rows, kind === "polygon");
    });
    return kinds;
  };
})(window.geoplan);
