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
  var POCKET = "#5b2a86";
  var TILE = 10; // pixels of one tile of a pattern
  var AT_ONCE = 128; // shapes in one path
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
      this._drawParcels();
      if (scene.shows("buildings")) this._drawBuildings(places.buildings);
      this._drawOutlined();
      if (scene.shows("phase_1")) this._drawFirstPhase(places.phase_1);
      if (scene.shows("pockets")) this._drawPockets(places.pockets);
      if (scene.shows("greenway")) this._drawGreenway(places.greenway);
      if (scene.shows("facilities")) this._drawFacilities(places.facilities);
      if (scene.shows("centres")) this._keepForCentres(places.centres);
      if (scene.shows("water")) this._writeNames(places.water, "italic 500 13px " + SANS, WATER_INK, 0.1, 0);
      if (scene.shows("pockets")) this._writeNames(places.pockets, "700 13px " + SANS, POCKET, 0, 0);
      if (scene.shows("marks")) this._writeMarks(pen);
      if (scene.shows("roads")) this._writeStreets(places.roads);
      if (scene.shows("facilities")) this._writeNames(places.facilities, "500 11px " + SANS, "#5d2e6b", 0.7, -12);
      if (scene.shows("green")) this._writeNames(places.green, "500 11px " + SANS, "#55753f", 0.4, 0);
    },

    _drawGround: function (layer, fill, edge) {
      if (layer.polygon) {
        this._fill(layer.polygon, null, fill);
        this._stroke(layer.polygon, null, edge, 0.8);
      }
      if (layer.line) this._stroke(layer.line, null, fill, Math.max(2, 8 * this._at.metre));
    },

    _drawRoads: function (layer) {
      if (!layer.line) return;
      var byWidth = new Map();
      for (var r = 0; r < layer.line.count; r++) {
        var width = layer.width_m[r] || 10;
        if (!byWidth.has(width)) byWidth.set(width, []);
        byWidth.get(width).push(r);
      }
      this._pen.lineCap = "round";
      [[ROAD_EDGE, 1.4], [ROAD, 0]].forEach(function (coat) {
        byWidth.forEach(function (rows, width) {
          this._stroke(layer.line, rows, coat[0], Math.max(1, width * this._at.metre) + coat[1]);
        }, this);
      }, this);
      this._pen.lineCap = "butt";
    },

    _drawParcels: function () {
      var scene = this.scene;
      scene.view.entries.forEach(function (entry, c) {
        var rows = scene.view.rows[c];
        if (scene.isInZone) this._fillClass(entry, rows.filter(function (row) { return !scene.isInZone(row); }), 0.3);
        this._fillClass(entry, scene.isInZone ? rows.filter(scene.isInZone) : rows, 1);
      }, this);
      this._stroke(scene.parcels, null, "#fffdf8", Math.min(1.3, 5 * this._at.metre));
      this._stroke(scene.parcels, null, "rgba(60,58,50,0.35)", Math.min(0.5, 3 * this._at.metre));
    },

    _fillClass: function (entry, rows, strength) {
      this._pen.globalAlpha = entry.opacity * strength;
      this._fill(this.scene.parcels, rows, entry.colour);
      if (entry.pattern !== "plain" && this._at.metre > 0.06) {
        this._pen.globalAlpha = strength * (entry.faded ? 0.3 : 1);
        this._fill(this.scene.parcels, rows, this._pattern(entry.pattern));
      }
      this._pen.globalAlpha = 1;
    },

    _drawBuildings: function (layer) {
      if (!layer.polygon) return;
      this._fill(layer.polygon, null, "rgba(50,45,38,0.10)");
      this._stroke(layer.polygon, null, "rgba(50,45,38,0.42)", 0.6);
    },

    _drawOutlined: function () {
      this._stroke(this.scene.parcels, this.scene.view.outlined, INK, Math.min(1.5, 6 * this._at.metre));
    },

    _drawFirstPhase: function (layer) {
      if (!layer.polygon) return;
      this._stroke(layer.polygon, null, "rgba(255,253,248,0.9)", 4.5);
      this._pen.setLineDash([9, 4, 2, 4]);
      this._stroke(layer.polygon, null, "#8c2f1b", 2);
      this._pen.setLineDash([]);
    },

    _drawPockets: function (layer) {
      if (!layer.polygon) return;
      this._stroke(layer.polygon, null, "rgba(255,253,248,0.9)", 4.5);
      this._stroke(layer.polygon, null, POCKET, 2.4);
    },

    _drawGreenway: function (layer) {
      if (!layer.line) return;
      this._pen.lineCap = "round";
      this._stroke(layer.line, null, "#fffdf8", 6.5);
      this._stroke(layer.line, null, GREENWAY, 4);
      this._pen.setLineDash([1, 6]);
      this._stroke(layer.line, null, "#fffdf8", 1);
      this._pen.setLineDash([]);
      this._pen.lineCap = "butt";
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

    // The signs of centres are elements above the canvas: their room is taken before anything is written.
    _keepForCentres: function (layer) {
      var pen = this._pen;
      if (!layer.point) return;
      pen.font = "600 11.5px " + SANS;
      var name = geoplan.column(layer.source["name_" + this.scene.language]);
      for (var r = 0; r < layer.point.count; r++) {
        var p = this._point(layer.point, r);
        if (!p) continue;
        var width = pen.measureText(geoplan.nameIn(name(r), this.scene.language)).width;
        this._isFree("", p[0], p[1], 26, 26, 0);
        this._isFree("", p[0], p[1] + 23, width + 10, 18, 0);
      }
    },

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

    _fill: function (shapes, rows, style) {
      this._pen.fillStyle = style;
      this._paint(shapes, rows, function (pen) { pen.fill(); });
    },

    _stroke: function (shapes, rows, style, width) {
      this._pen.strokeStyle = style;
      this._pen.lineWidth = width;
      this._paint(shapes, rows, function (pen) { pen.stroke(); });
    },

    // Some rows (all if none are named) that touch the canvas, a few at a time: one long path takes browsers far longer.
    _paint: function (shapes, rows, paint) {
      var pen = this._pen, at = this._at, box = shapes.box;
      var count = rows ? rows.length : shapes.count, waiting = 0;
      pen.beginPath();
      for (var n = 0; n < count; n++) {
        var r = rows ? rows[n] : n, b = 4 * r;
        if (!(box[b] <= at.east && box[b + 2] >= at.west && box[b + 1] <= at.south && box[b + 3] >= at.north)) continue;
        this._trace(shapes, r);
        waiting += 1;
        if (waiting === AT_ONCE) {
          paint(pen);
          pen.beginPath();
          waiting = 0;
        }
      }
      if (waiting) paint(pen);
    },

    _trace: function (shapes, row) {
      var pen = this._pen, at = this._at;
      for (var k = shapes.ring[row]; k < shapes.ring[row + 1]; k++) {
        var from = shapes.start[k], to = shapes.start[k + 1];
        pen.moveTo(shapes.x[from] * at.scale - at.left, shapes.y[from] * at.scale - at.top);
        for (var i = from + 1; i < to; i++) {
          pen.lineTo(shapes.x[i] * at.scale - at.left, shapes.y[i] * at.scale - at.top);
        }
        if (shapes.isClosed) pen.closePath();
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
