# SPDX-License-Identifier: GPL-2.0-or-later
# Medians, ranges, ratios and verdicts. Input: lines "METRIC SIDE VALUE", in the order of the rounds; sides alternate,
# so the k-th values of two sides are neighbours in time and make the k-th ratio.
# -v bars: lines "METRIC SIDE OP LIMIT [TEXT]" or "METRIC SIDE/PEER OP LIMIT [TEXT]"; OP is <= or >=, or -- for a
# figure without a bar.

function remember(list, key) {
	if (index("\n" list "\n", "\n" key "\n"))
		return list
	return list == "" ? key : list "\n" key
}

# spread(values, n): sorts, sets med, low, high
function spread(v, n,   i, j, x) {
	for (i = 2; i <= n; i++) {
		x = v[i]
		for (j = i - 1; j >= 1 && v[j] > x; j--)
			v[j + 1] = v[j]
		v[j + 1] = x
	}
	low = v[1]
	high = v[n]
	med = n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}

function of_side(metric, side,   i, v) {
	for (i = 1; i <= count[metric, side]; i++)
		v[i] = value[metric, side, i]
	spread(v, count[metric, side])
}

# Ratios of neighbours; false when there are none.
function of_pair(metric, side, peer,   i, n, v) {
	for (i = 1; i <= count[metric, side] && i <= count[metric, peer]; i++)
		if (value[metric, peer, i] != 0)
			v[++n] = value[metric, side, i] / value[metric, peer, i]
	if (n)
		spread(v, n)
	return n
}

function number(x) {
	return sprintf(x >= 1000 ? "%.0f" : x >= 100 ? "%.1f" : "%.3f", x)
}

{
	metrics = remember(metrics, $1)
	sides[$1] = remember(sides[$1], $2)
	value[$1, $2, ++count[$1, $2]] = $3 + 0
}

function table(metric,   n, s, i, first) {
	n = split(sides[metric], s, "\n")
	# Vise on top, whoever began.
	for (i = n; i > 1; i--)
		if (s[i] ~ /^vise/ && s[i - 1] !~ /^vise/) {
			first = s[i]; s[i] = s[i - 1]; s[i - 1] = first
		}
	first = s[1]
	printf "\n%-30s %10s  %-23s %8s  %s\n", metric, "median", "range", first "/", "range"
	for (i = 1; i <= n; i++) {
		of_side(metric, s[i])
		printf "  %-28s %10s  %-23s", s[i], number(med), number(low) " - " number(high)
		if (i > 1 && of_pair(metric, first, s[i]))
			printf " %8.3f  %.3f - %.3f", med, low, high
		printf "\n"
	}
}

# On a noisy machine the least of many times is the truest; the ratio of the least of two sides.
function least(metric, side, peer,   ours) {
	if (metric !~ /-ms$/ || !peer || count[metric, side] < 2)
		return ""
	of_side(metric, side)
	ours = low
	of_side(metric, peer)
	return sprintf(", least/least %.3f", ours / low)
}

function verdict(bar,   w, who, text, met) {
	split(bar, w, " ")
	if (split(w[2], who, "/") == 2) {
		if (!of_pair(w[1], who[1], who[2])) {
			printf "  NOT MEASURED  %s\n", bar
			return
		}
	} else if (!count[w[1], w[2]]) {
		printf "  NOT MEASURED  %s\n", bar
		return
	} else {
		of_side(w[1], w[2])
	}
	met = w[3] == "<=" ? med <= w[4] : med >= w[4]
	text = sprintf("%s (%s - %s)%s", number(med), number(low), number(high), least(w[1], who[1], who[2]))
	if (w[3] == "--")
		printf "          %s %s: %s\n", w[1], w[2], text
	else
		printf "  %-6s  %s: %s\n", met ? "met" : "MISSED", bar, text
}

END {
	n = split(metrics, m, "\n")
	for (k = 1; k <= n; k++)
		table(m[k])
	print "\nbars (medians, with their ranges)"
	n = split(bars, b, "\n")
	for (k = 1; k <= n; k++)
		verdict(b[k])
}
