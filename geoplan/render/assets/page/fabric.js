// Draws the park on one canvas that moves with the map: ground, streets, parcels in the colours of a view, marks.
(function (geoplan) {
  "use strict";

  var INK = "#2b2f2c";
  var WATER = "#a9cfdf";
  var WATER_INK = "#3d7d99";
  var GREEN = "#d3e3c4";
  var ROAD = "#fbfaf6";
  var ROAD_EDGE = "#d6cfc1";
  var GREENWAY = "#1d7f4e";
  var TILE = 10; // pixels of one tile of a pattern
  var SANS = '"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei","PingFang SC","Segoe UI",sans-serif';

  // Where the data writes a name in both languages, the Chinese first: only the part of one language, for the little room
  // on a map. Panels show names whole.
  geoplan.nameIn = function (name, language) {
    return (name || "").replace(/([\u3400-\u9fff][^A-Za-z\s(\uff08]*)\s+([A-Z][A-Za-z0-9 .'-]*)/g, language === "zh" ? "$1" : "$2");
  };

  // One tile of a pattern: thin dark strokes that read in grey and under any colour.
  function tileOf(pattern, ratio) {
    var side = TILE;
    var tile = document.createElement("canvas");
    tile.width = tile.height = side * ratio;
    var pen = tile.getContext("2d");
    pen.scale(ratio, ratio);
    pen.strokeStyle = pen.fillStyle = "rgba(25,30,28,0.42)";
    pen.lineWidth = 0.8;
    pen.scale(TILE / 8, TILE / 8);
    pen.beginPath();
    if (pattern === "lines" || pattern === "crossed") {
      pen.moveTo(-1, 9); pen.lineTo(9, -1);
      pen.moveTo(-1, 1); pen.lineTo(1, -1);
      pen.moveTo(7, 9); pen.lineTo(9, 7);
    }
    if (pattern === "crossed") {
      pen.moveTo(-1, -1); pen.lineTo(9, 9);
      pen.moveTo(-1, 7); pen.lineTo(1, 9);
      pen.moveTo(7, -1); pen.lineTo(9, 1);
    }
    if (pattern === "level") { pen.moveTo(0, 4); pen.lineTo(8, 4); }
    if (pattern === "upright") { pen.moveTo(4, 0); pen.lineTo(4, 8); }
    if (pattern === "rings") { pen.moveTo(6, 4); pen.arc(4, 4, 2, 0, 7); }
    pen.stroke();
    if (pattern === "dots") { pen.beginPath(); pen.arc(4, 4, 1, 0, 7); pen.fill(); }
    return tile;
  }

  geoplan.paintSwatch = function (canvas, entry) {
    var ratio = window.devicePixelRatio || 1;
    var width = 26, height = 15;
    canvas.width = width * ratio;
    canvas.height = height * ratio;
    var pen = canvas.getContext("2d");
    pen.fillStyle = "#fffdf8";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    pen.globalAlpha = entry.opacity;
    pen.fillStyle = entry.colour;
    pen.fillRect(0, 0, canvas.width, canvas.height);
    if (entry.pattern !== "plain") {
      pen.globalAlpha = entry.faded ? 0.3 : 1;
      pen.fillStyle = pen.createPattern(tileOf(entry.pattern, ratio), "repeat");
      pen.fillRect(0, 0, canvas.width, canvas.height);
    }
  };

  geoplan.Fabric = L.Renderer.extend({
    options: { padding: 0.3 },

    initialize: function (scene, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this.scene = scene;
      this._tiles = {};
    },

    _initContainer: function () {
      this._container = L.DomUtil.create("canvas", "geoplan-fabric");
      this._container.setAttribute("aria-hidden", "true");
      this._pen = this._container.getContext("2d");
    },

    _destroyContainer: function () {
      L.DomUtil.remove(this._container);
      delete this._container;
      delete this._pen;
    },

    _updatePaths: function () {},

    redraw: function () { if (this._map) this._update(); return this; },

    _update: function () {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      var size = this._bounds.getSize();
      var ratio = (this._ratio = window.devicePixelRatio || 1);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = size.x * ratio;
      this._container.height = size.y * ratio;
      this._container.style.width = size.x + "px";
      this._container.style.height = size.y + "px";
      var origin = this._map.getPixelOrigin().add(this._bounds.min);
      var scale = Math.pow(2, this._zoom);
      this._at = {
        scale: scale,
        left: origin.x,
        top: origin.y,
        west: origin.x / scale,
        north: origin.y / scale,
        east: (origin.x + size.x) / scale,
        south: (origin.y + size.y) / scale,
        metre: this.scene.plane.pixelsPerMetre(this._zoom, this._center.lat),
      };
      this._pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      this._taken = [];
      this._draw(this._pen);
      this.fire("drawn");
    },

    // ---- what is drawn, from the ground up

    _draw: function (pen) {
      var scene = this.scene;
      var places = scene.places;
      pen.lineJoin = "round";
      pen.lineCap = "butt";
      if (scene.shows("water")) this._drawGround(places.water, WATER, WATER_INK);
      if (scene.shows("green")) this._drawGround(places.green, GREEN, "#9db788");
      if (scene.shows("roads")) this._drawRoads(places.roads);
      this._drawParcels(pen);
      if (scene.shows("buildings")) this._drawBuildings(places.buildings);
      this._drawOutlined(pen);
      if (scene.shows("phase_1")) this._drawFirstPhase(places.phase_1);
      if (scene.shows("greenway")) this._drawGreenway(places.greenway);
      if (scene.shows("facilities")) this._drawFacilities(places.facilities);
      if (scene.shows("water")) this._writeNames(places.water, "italic 500 13px " + SANS, WATER_INK, 0.1, 0);
      if (scene.shows("marks")) this._writeMarks(pen);
      if (scene.shows("roads")) this._writeStreets(places.roads);
      if (scene.shows("facilities")) this._writeNames(places.facilities, "500 11px " + SANS, "#5d2e6b", 0.7, -12);
      if (scene.shows("green")) this._writeNames(places.green, "500 11px " + SANS, "#55753f", 0.4, 0);
    },

    _drawGround: function (layer, fill, edge) {
      var pen = this._pen;
      if (layer.polygon) {
        this._path(layer.polygon);
        pen.fillStyle = fill;
        pen.fill();
        pen.strokeStyle = edge;
        pen.lineWidth = 0.8;
        pen.stroke();
      }
      if (layer.line) {
        this._path(layer.line, null, true);
        pen.strokeStyle = fill;
        pen.lineWidth = Math.max(2, 8 * this._at.metre);
        pen.stroke();
      }
    },

    _drawRoads: function (layer) {
      if (!layer.line) return;
      var pen = this._pen;
      var byWidth = new Map();
      for (var r = 0; r < layer.line.count; r++) {
        var width = layer.width_m[r] || 10;
        if (!byWidth.has(width)) byWidth.set(width, []);
        byWidth.get(width).push(r);
      }
      var metre = this._at.metre;
      var self = this;
      pen.lineCap = "round";
      [[ROAD_EDGE, 1.4], [ROAD, 0]].forEach(function (coat) {
        byWidth.forEach(function (rows, width) {
          self._path(layer.line, rows, true);
          pen.strokeStyle = coat[0];
          pen.lineWidth = Math.max(1, width * metre) + coat[1];
          pen.stroke();
        });
      });
      pen.lineCap = "butt";
    },

    _drawParcels: function (pen) {
      var scene = this.scene;
      scene.view.entries.forEach(function (entry, c) {
        var rows = scene.view.rows[c];
        if (scene.isInZone) this._fill(entry, rows.filter(function (row) { return !scene.isInZone(row); }), 0.3);
        this._fill(entry, scene.isInZone ? rows.filter(scene.isInZone) : rows, 1);
      }, this);
      this._path(scene.parcels);
      pen.strokeStyle = "#fffdf8";
      pen.lineWidth = Math.min(1.3, 5 * this._at.metre);
      pen.stroke();
      pen.strokeStyle = "rgba(60,58,50,0.35)";
      pen.lineWidth = Math.min(0.5, 3 * this._at.metre);
      pen.stroke();
    },

    _fill: function (entry, rows, strength) {
      var pen = this._pen;
      this._path(this.scene.parcels, rows);
      pen.globalAlpha = entry.opacity * strength;
      pen.fillStyle = entry.colour;
      pen.fill();
      if (entry.pattern !== "plain" && this._at.metre > 0.06) {
        pen.globalAlpha = strength * (entry.faded ? 0.3 : 1);
        pen.fillStyle = this._pattern(entry.pattern);
        pen.fill();
      }
      pen.globalAlpha = 1;
    },

    _drawBuildings: function (layer) {
      if (!layer.polygon) return;
      this._path(layer.polygon);
      this._pen.fillStyle = "rgba(50,45,38,0.10)";
      this._pen.fill();
      this._pen.strokeStyle = "rgba(50,45,38,0.42)";
      this._pen.lineWidth = 0.6;
      this._pen.stroke();
    },

    _drawOutlined: function (pen) {
      if (!this.scene.view.outlined.length) return;
      this._path(this.scene.parcels, this.scene.view.outlined);
      pen.strokeStyle = INK;
      pen.lineWidth = Math.min(1.5, 6 * this._at.metre);
      pen.stroke();
    },

    _drawFirstPhase: function (layer) {
      if (!layer.polygon) return;
      var pen = this._pen;
      this._path(layer.polygon);
      pen.strokeStyle = "rgba(255,253,248,0.9)";
      pen.lineWidth = 4.5;
      pen.stroke();
      pen.strokeStyle = "#8c2f1b";
      pen.lineWidth = 2;
      pen.setLineDash([9, 4, 2, 4]);
      pen.stroke();
      pen.setLineDash([]);
    },

    _drawGreenway: function (layer) {
      if (!layer.line) return;
      var pen = this._pen;
      pen.lineCap = "round";
      this._path(layer.line, null, true);
      pen.strokeStyle = "#fffdf8";
      pen.lineWidth = 6.5;
      pen.stroke();
      pen.strokeStyle = GREENWAY;
      pen.lineWidth = 4;
      pen.stroke();
      pen.strokeStyle = "#fffdf8";
      pen.lineWidth = 1;
      pen.setLineDash([1, 6]);
      pen.stroke();
      pen.setLineDash([]);
      pen.lineCap = "butt";
    },

    _drawFacilities: function (layer) {
      var pen = this._pen;
      for (var r = 0; r < layer.label.count; r++) {
        var p = this._point(layer.label, r);
        if (!p) continue;
        pen.beginPath();
        pen.arc(p[0], p[1], 4, 0, 7);
        pen.fillStyle = "#fffdf8";
        pen.fill();
        pen.strokeStyle = "#7b3f8c";
        pen.lineWidth = 1.8;
        pen.stroke();
      }
    },

    // ---- words on the map: none over another, the important first

    // The longest of a class's words that fits its parcel: the product's name, else the code.
    _writeMarks: function (pen) {
      var scene = this.scene, view = scene.view, at = this._at, language = scene.language;
      pen.font = "600 11px " + SANS;
      var words = view.entries.map(function (entry) {
        var choices = view.name === "plan" ? [entry.label[language], entry.mark[language]] : [entry.mark[language]];
        return choices.map(function (text) { return { text: text, width: pen.measureText(text).width }; });
      });
      for (var r = 0; r < scene.parcels.count; r++) {
        var entry = view.entries[view.classes[r]];
        if (!entry || !entry.marked || (scene.isInZone && !scene.isInZone(r))) continue;
        var b = 4 * r, box = scene.parcels.box;
        var wide = (box[b + 2] - box[b]) * at.scale, high = (box[b + 3] - box[b + 1]) * at.scale;
        if (high < 17) continue;
        var fitting = words[view.classes[r]].find(function (word) { return word.width + 8 < wide; });
        var p = fitting && this._point(scene.labels, r);
        if (p && this._isFree(fitting.text, p[0], p[1], fitting.width, 12, 0)) this._ink(fitting.text, p[0], p[1], INK);
      }
    },

    _writeStreets: function (layer) {
      if (!layer.line || !layer.hasNames || this._at.metre < 0.14) return;
      var pen = this._pen;
      var line = layer.line;
      pen.font = "500 11px " + SANS;
      for (var r = 0; r < line.count; r++) {
        var name = geoplan.nameIn(layer.name(r), this.scene.language);
        if (!name) continue;
        var best = this._longest(line, r);
        var width = pen.measureText(name).width;
        if (!best || best.length < width + 10) continue;
        var across = Math.abs(Math.cos(best.angle)), along = Math.abs(Math.sin(best.angle));
        if (!this._isFree(name, best.x, best.y, width * across + 12 * along, width * along + 12 * across, 280)) continue;
        pen.save();
        pen.translate(best.x, best.y);
        pen.rotate(best.angle);
        this._ink(name, 0, 0, "#5f584b");
        pen.restore();
      }
    },

    _longest: function (line, row) {
      var at = this._at, best = null;
      for (var k = line.ring[row]; k < line.ring[row + 1]; k++) {
        for (var i = line.start[k] + 1; i < line.start[k + 1]; i++) {
          var x0 = line.x[i - 1] * at.scale - at.left, y0 = line.y[i - 1] * at.scale - at.top;
          var x1 = line.x[i] * at.scale - at.left, y1 = line.y[i] * at.scale - at.top;
          var length = Math.hypot(x1 - x0, y1 - y0);
          if (best && length <= best.length) continue;
          var angle = Math.atan2(y1 - y0, x1 - x0);
          if (angle > Math.PI / 2) angle -= Math.PI;
          if (angle <= -Math.PI / 2) angle += Math.PI;
          best = { length: length, angle: angle, x: (x0 + x1) / 2, y: (y0 + y1) / 2 };
        }
      }
      return best;
    },

    _writeNames: function (layer, font, colour, fromMetre, above) {
      if (!layer.hasNames || !layer.label || this._at.metre < fromMetre) return;
      this._pen.font = font;
      for (var r = 0; r < layer.label.count; r++) {
        var name = geoplan.nameIn(layer.name(r), this.scene.language);
        var p = name && this._point(layer.label, r);
        if (!p) continue;
        var width = this._pen.measureText(name).width;
        if (this._isFree(name, p[0], p[1] + above, width, 14, 220)) this._ink(name, p[0], p[1] + above, colour);
      }
    },

    // Takes the room for some words, unless others stand there or the same words stand near.
    _isFree: function (words, x, y, wide, high, apart) {
      for (var i = 0; i < this._taken.length; i++) {
        var other = this._taken[i];
        var dx = Math.abs(other.x - x), dy = Math.abs(other.y - y);
        if (dx < (other.wide + wide) / 2 + 3 && dy < (other.high + high) / 2 + 1) return false;
        if (other.words === words && Math.hypot(dx, dy) < apart) return false;
      }
      this._taken.push({ words: words, x: x, y: y, wide: wide, high: high });
      return true;
    },

    _ink: function (words, x, y, colour) {
      var pen = this._pen;
      pen.textAlign = "center";
      pen.textBaseline = "middle";
      pen.strokeStyle = "rgba(255,253,248,0.88)";
      pen.lineWidth = 3;
      pen.strokeText(words, x, y);
      pen.fillStyle = colour;
      pen.fillText(words, x, y);
    },

    // ---- geometry on the canvas

    // A path of some rows (all if none are named) that touch the canvas.
    _path: function (shapes, rows, isOpen) {
      var pen = this._pen;
      var at = this._at;
      pen.beginPath();
      var count = rows ? rows.length : shapes.count;
      for (var n = 0; n < count; n++) {
        var r = rows ? rows[n] : n;
        var b = 4 * r;
        if (!(shapes.box[b] <= at.east && shapes.box[b + 2] >= at.west &&
              shapes.box[b + 1] <= at.south && shapes.box[b + 3] >= at.north)) continue;
        for (var k = shapes.ring[r]; k < shapes.ring[r + 1]; k++) {
          var from = shapes.start[k], to = shapes.start[k + 1];
          pen.moveTo(shapes.x[from] * at.scale - at.left, shapes.y[from] * at.scale - at.top);
          for (var i = from + 1; i < to; i++) {
            pen.lineTo(shapes.x[i] * at.scale - at.left, shapes.y[i] * at.scale - at.top);
          }
          if (!isOpen) pen.closePath();
        }
      }
    },

    // Where a row's point stands on the canvas; null if off it.
    _point: function (points, row) {
      var at = this._at;
      if (points.ring[row] === points.ring[row + 1]) return null;
      var i = points.start[points.ring[row]];
      var x = points.x[i] * at.scale - at.left, y = points.y[i] * at.scale - at.top;
      var inside = points.x[i] >= at.west && points.x[i] <= at.east && points.y[i] >= at.north && points.y[i] <= at.south;
      return inside ? [x, y] : null;
    },

    _pattern: function (name) {
      if (!this._tiles[name + this._ratio]) this._tiles[name + this._ratio] = tileOf(name, this._ratio);
      var pattern = this._pen.createPattern(this._tiles[name + this._ratio], "repeat");
      var matrix = new DOMMatrix().translate(-(this._at.left % TILE), -(this._at.top % TILE)).scale(1 / this._ratio);
      pattern.setTransform(matrix);
      return pattern;
    },
  });
})(window.geoplan);
