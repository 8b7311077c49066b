#!/usr/bin/env perl
# A second verifier of the log, from docs/log-format.md alone; even the tables of events and forms are read there. For each FILE it prints
# a line of JSON: the verdict, the events of the whole part, position and words of what is wrong, the sums at the end.
use strict; use warnings; use Digest::SHA qw(sha256 sha256_hex hmac_sha256 hmac_sha256_hex); use Encode (); use FindBin (); use JSON::PP ();
use POSIX qw(strftime); use Time::Local qw(timegm);

sub slurp { open my $in, '<:raw', $_[0] or die "$_[0]: $!\n"; local $/; <$in> // '' }
my $doc = slurp("$FindBin::Bin/../../docs/log-format.md");
sub table { my ($rows) = $doc =~ /^```$_[0]\n(.*?)^```/ms; map { [split /\s\s+/, $_, 2] } split /\n/, $rows }
my (%form, %data);
for (table('forms')) { my ($names, $form) = @$_; $form =~ s/<(\w+)>/(?:$form{$1})/g; $form{$_} = $form for split ' ', $names }
for (table('events')) { my ($type, $names, $all) = (@$_, '');
    $all .= '(?:' . ($all && ',') . "\"$1\":(?<$1>$form{$2 // $1}))$3" while $names =~ /(\w+)(?:=(\w+))?(\??)/g;
    $data{$type} = qr/\A\{$all\}\z/n }
my ($id, $sha, $w, $n, $text) = map { qr/$_/n } '[0-9a-f]{32}', '[0-9a-f]{64}', $form{long}, '[1-9]\d{0,17}', $form{string};
my $place = qr/\A\{"pos":(?<pos>$n),"batch":\[(?<first>$n),(?<last>$n)\],"type":/n;
my $event = qr/$place"(?<type>[^"]*)","tags":\[(?<tags>($text(,$text)*)?)\],"data(":(?=\{)|64":(?="))/n;
my $header = qr/\A\{"log":"(?<log>$id)","format":1,"created":$form{time}\}\n/n;
my $slot = qr/\A(?<sum>(?<body>\{"log":"(?<log>$id)","counter":(?<counter>$w),"position":(?<position>$w),"size":(?<size>$w),"hash":"(?<hash>$sha)"
    ,"reconciled":$w(?<ended>,"ended":true)?)(,"seal":"(?<seal>$sha)")?),"check":"(?<check>$sha)"\}[ ]*\n\z/nx;

my ($at, $free, $cancel, $stands, $known, $resets, $all, $grants, $points, $claims, $offers, $marks, $earned, $nth, $tiers, $assigned, $owed, $own_bytes, $told, $asks, $approved);    # the accounts of section 5
sub counted { my ($user, $change, $temp) = @_; $all += $change; $own_bytes->{$user} += $temp ? 0 : $change;    # bytes of a user, and so of all
    for (['"pool/storage"', $all], ["\"user/storage\"$user", $own_bytes->{$user}]) { my $last = $told->{ $_->[0] }; $last->{least} = $_->[1] if $last && $_->[1] < $last->{least} } }
sub gone { my ($is, $bytes) = @_; my ($temp, $user) = split ' ', $is; counted($user, -$bytes, $temp eq 'true'); (delete $stands->{lc $is} // -1) != $bytes }
sub least { my ($one, $other) = @_; $one < $other ? $one : $other }
sub waiting { my ($r) = @_; my $made = $r->{completed} - $r->{taken}; $made < 0 ? 0 : least($made, $r->{open}) }
sub of_unit { my ($unit, @draws) = @_; my $sum = 0; $sum += $_->{amount} for grep { $_->{unit} eq $unit } @draws; $sum }
sub can_be_drawn { my ($grant) = @_; return 0 if $grant->{voided};
    return $grant->{balance} if !$grant->{expires_at} || $at lt $grant->{expires_at};
    return 0 if !$grant->{rollover_until} || $at ge $grant->{rollover_until};
    $grant->{lapsed} ? $grant->{balance} : least($grant->{balance}, $grant->{rollover} // 0) }
sub moved { my ($grant, $amount) = @_;    # drawn, below 0, or gone back
    if ($grant->{expires_at} && $at ge $grant->{expires_at} && !$grant->{lapsed}++) { $grant->{balance} = least($grant->{balance}, $grant->{rollover} // 0) }
    $grant->{balance} += $amount }
sub take { my ($r, $unit, $n, @draws) = @_; my @taken;    # from draws of a reservation in an order; gives what is missing, and what was taken
    for my $draw (grep { $_->{unit} eq $unit } @draws) { my $part = least($draw->{amount}, $n) or next;
        $draw->{amount} -= $part; $n -= $part; push @taken, { %$draw, amount => $part } }
    $r->{drawn} = [grep { $_->{amount} } @{ $r->{drawn} }]; ($n, @taken) }
sub front { my ($r, $unit, $n) = @_; take($r, $unit, $n, @{ $r->{drawn} }) }
sub back { my ($r, $unit, $n) = @_; take($r, $unit, $n, reverse @{ $r->{drawn} }) }
sub used_up { my ($r, $credits) = @_; my $own = least($r->{own}, $credits); $r->{own} -= $own; front($r, '"credits"', $credits - $own) }
sub days_after { my ($at, $days) = @_; my ($y, $m, $d) = $at =~ /(\d+)-(\d+)-(\d+)/; strftime('"%Y-%m-%d', gmtime(timegm(0, 0, 0, $d, $m - 1, $y) + 86400 * $days)) . substr $at, 11 }
sub draws { my ($told) = @_; my @found; push @found, { grant => $1, unit => $2, amount => $3 } while ($told // '') =~ /"grant":("[^"]*"),"unit":("\w+"),"amount":(\d+)/g; @found }
sub is_returned { my ($e, @right) = @_; my $told = join ',', map { "{\"grant\":$_->{grant},\"unit\":$_->{unit},\"amount\":$_->{amount}}" } @right;
    return 0 if ($e->{returned} // '[]') ne "[$told]"; moved($grants->{ $e->{user} }{ $_->{grant} }, $_->{amount}) for @right; 1 }
sub value { Encode::encode_utf8(JSON::PP->new->utf8->allow_nonref->decode($_[0])) }
sub broken { my ($type, $data, $tags) = @_;    # takes the accounts past an event; gives what it breaks, '' for nothing
    return "no $type" unless $data{$type} && $data =~ $data{$type};
    my (%e, @tags, %seen, $r) = %+; my ($user, $name, $open) = @e{qw(user reservation)};
    my %once; push @tags, grep { !$once{$_}++ } map { /"(user:.*)"/ } @e{qw(payer payee)} if $e{payer};
    push @tags, "user:$_" for $user ? $user =~ /"(.*)"/ : grep { !$seen{$_}++ } ($e{files} // '') =~ /"user":"([^"]*)/g;
    push @tags, $type =~ /^Image|Reserved|Released/ || %seen || $type eq 'ThresholdCrossed' && !$user ? 'pool' : $type =~ /^Policy|^Clock|^Offer|^TierDefined/ ? 'policy' : ();
    push @tags, 'request:' . substr sha256_hex(value($e{by}) . "\0" . value($e{request} =~ /^.{7}(.*),"digest"/s)), 0, 32 if $e{request};
    return 'tags' if $tags ne join ',', map { "\"$_\"" } @tags;
    $nth++; return 'A1' if $e{at} lt $at && $type ne 'ClockCorrected'; return 'A3' if $cancel && !($type eq 'GenerationReleased' && $e{reason} eq '"cancelled"');
    return 'P8' if $owed && $type ne 'GrantGiven'; return 'Q4' if $approved && $type ne 'GrantGiven'; (my $before, $at) = ($at, $e{at}); my $day = ($user // '') . substr $at, 1, 10;
    if ($name && $type ne 'GenerationReserved') { return 'A5' unless ($r = $known->{$name}) && $r->{user} eq $user; $open = $r->{open} }
    if ($type eq 'PolicyChanged') { ($free) = $e{limits} =~ /"moderated_free":(\w+)/ } elsif ($type eq 'DailyCountReset') { $resets->{$day}++ }
    elsif ($type eq 'ClockCorrected') { return 'A2' unless $e{was} eq $before && $e{now} eq $at && $at lt $before;
        delete @$known{ grep { !$known->{$_}{open} } keys %$known }; $cancel = keys %$known;
        delete @$told{ grep { substr($told->{$_}{window}, 0, 11) gt substr $at, 0, 11 } keys %$told };
        for (values %$asks) { $_->{since} = $at if $_->{since} gt $at } for (values %$claims) { $_ = substr $at, 1, 10 if $_ gt substr $at, 1, 10 } }
    elsif ($type eq 'PointsMoved') { my ($from, $to) = map { s/"//gr =~ s/:.*//sr } @e{qw(payer payee)}; my $kind = $e{kind} =~ s/"//gr; my $today = substr $at, 1, 10;
        my %sides = (mint => 'mint user 1', burn => 'user mint 1', gift => 'user user', claim => 'mint user 0', favourite => 'mint user 0', purchase => 'user market 0');
        my ($pays, $paid, $why) = split ' ', $sides{$kind};
        return 'P1' if $e{payer} eq $e{payee} || "$from $to" ne "$pays $paid" || defined $why && $why != defined $e{reason} || defined $e{offer} != ($kind eq 'purchase');
        return 'P2' if ($points->{$from eq 'user' ? $e{payer} : $from} // 0) - $e{amount} < ($from eq 'mint' ? -9007199254740991 : 0);
        return 'P3' if $kind eq 'claim' && ($claims->{$e{payee}} // '') ge $today; return 'P4' if $kind eq 'favourite' && ($earned // '') ne "$nth $e{payee}";
        if ($kind eq 'purchase') { my $offer = $offers->{ $e{offer} }; return 'P5' if !$offer || $offer->{price} != $e{amount};
            $owed = join ' ', '"' . substr($e{payer}, 6), @$offer{qw(unit amount)}, '"bought"', $offer->{days} ? days_after($at, $offer->{days}) : '' }
        $claims->{$e{payee}} = $today if $kind eq 'claim';
        $points->{$from eq 'user' ? $e{payer} : $from} -= $e{amount}; $points->{$to eq 'user' ? $e{payee} : $to} += $e{amount} }
    elsif ($type eq 'OfferSet') { $offers->{ $e{offer} } = {%e} } elsif ($type eq 'OfferWithdrawn') { return 'P6' unless delete $offers->{ $e{offer} } }
    elsif ($type eq 'FavouriteSet') { my $mark = "$user $e{image}"; my $former = $marks->{$mark}; return 'P7' if $e{on} eq ($former // 'false');
        $marks->{$mark} = $e{on}; $earned = ($nth + 1) . ' "user:' . substr $e{owner}, 1 if !$former && $e{owner} ne $user }
    elsif ($type eq 'GenerationReserved') { my ($each, @drawn) = ($e{credits_each} // 0, draws($e{drawn})); my $credits = of_unit('"credits"', @drawn);
        return 'A4' if $known->{$name} || !$e{count} || of_unit('"generations"', @drawn) > $e{count} || $credits > $e{count} * $each;
        for (@drawn) { my $grant = $grants->{$user}{ $_->{grant} }; return 'A14' unless $grant && $grant->{unit} eq $_->{unit} && $_->{amount} <= can_be_drawn($grant); moved($grant, -$_->{amount}) }
        counted($user, $e{count} * $e{bytes_each}); $known->{$name} = { %e, open => $e{count}, day => $day, resets => $resets->{$day} // 0, completed => 0, taken => 0, out => 0,
            each => $each, drawn => \@drawn, own => $e{count} * $each - $credits, unreported => 0 } }
    elsif ($type eq 'GenerationCompleted') { my $fell = $open - waiting($r); return 'A6' if !$e{count} || ($r->{completed} += $e{count}) > $r->{count};
        return 'A15' if $r->{each} && !defined $e{cost}; $fell -= $open - waiting($r); my $late = least($e{count} - $fell, $r->{unreported}); $r->{unreported} -= $late;
        my $rest = ($e{cost} // 0) - $late * $r->{each}; my $used = least($fell * $r->{each}, $rest < 0 ? 0 : $rest); used_up($r, $used);
        my ($missing, @right) = back($r, '"credits"', $fell * $r->{each} - $used); $r->{own} -= $missing; return 'A15' unless is_returned(\%e, @right) }
    elsif ($type eq 'GenerationReleased') { return 'A3' if $cancel && $e{count} != $open; $cancel-- if $cancel;
        my $waiting = waiting($r); return 'A7' if !$e{count} || $e{delivered} > $waiting || $e{count} - $e{delivered} > $open - $waiting;
        my $back = $e{reason} eq '"moderated"' && $free eq 'true' ? $e{count} : $e{count} - $e{delivered};
        my ($used, $own) = ($e{count} - $back, $open - of_unit('"generations"', @{ $r->{drawn} })); front($r, '"generations"', $used - $own) if $used > $own;
        my ($places, @right) = back($r, '"generations"', $back); return 'A8' if $e{refunded} != (($resets->{ $r->{day} } // 0) == $r->{resets} ? $places : 0);
        my $held = ($e{count} - $e{delivered}) * $r->{each}; my ($missing, @credits) = back($r, '"credits"', $held); $r->{own} -= $missing;
        return 'A16' if ($e{cost} // 0) != ($e{reason} eq '"unknown"' ? $held : 0) || !is_returned(\%e, @right, @credits);
        $r->{open} -= $e{count}; $r->{taken} += $e{delivered}; $r->{out} += $e{count}; counted($user, -$e{count} * $r->{bytes_each}) }
    elsif ($type eq 'ImageSaved') { my $key = lc "$e{temp} $user $e{name}";
        return 'A9' if !$r != ($e{temp} eq 'true' || $e{operation} eq '"adopted"') || $r && !$open;
        return 'A10' if $e{replaced_bytes} != ($stands->{$key} // 0);
        $stands->{$key} = $e{bytes}; counted($user, $e{bytes} - $e{replaced_bytes} - ($r ? $r->{bytes_each} : 0), $e{temp} eq 'true'); if ($r) {
            front($r, '"generations"', 1) if of_unit('"generations"', @{ $r->{drawn} }) >= $open; my $fell = $open - waiting($r); $r->{taken}++; $r->{open}--;
            if ($r->{open} - waiting($r) < $fell) { used_up($r, $r->{each}); $r->{unreported}++ } delete $known->{$name} if !$r->{open} && !$r->{out} } }
    elsif ($type eq 'ImageDeleted') { return 'A11' if gone("$e{temp} $user $e{name}", $e{bytes}) }
    elsif ($type eq 'CleanupCompleted') { my ($freed, @files) = (0, $e{files} =~ /"user":("[^"]+"),"name":("[^"]+"),"bytes":(\d+)/g);
        while (my ($whose, $called, $bytes) = splice @files, 0, 3) { return 'A12' if gone("true $whose $called", $bytes); $freed += $bytes }
        return 'A12' if $freed != $e{freed_bytes} }
    elsif ($type eq 'GrantGiven') { my $own = $grants->{$user} //= {}; return 'A17' if $own->{ $e{grant} };
        return 'P8' if $owed && ($e{rollover} || $owed ne join ' ', $user, @e{qw(unit amount source)}, $e{expires_at} // ''); $owed = ''; return 'Q4' if ($approved || $e{source} eq '"asked"') && ($e{rollover} || $approved ne join ' ', $user, @e{qw(grant unit amount source)}, $e{expires_at} // ''); $approved = ''; if (keys %$own >= 64) {
            my %in = map { $_->{grant} => 1 } map { @{ $_->{drawn} } } grep { $_->{user} eq $user } values %$known;
            delete @$own{ grep { !$in{$_} && !can_be_drawn($own->{$_}) } keys %$own } } $own->{ $e{grant} } = { %e, balance => $e{amount} } }
    elsif ($type eq 'ThresholdCrossed') { my ($scope, $stored) = ($e{limit_name} =~ /"(\w+)/, $e{limit_name} =~ /storage/); my $last = $told->{ $e{limit_name} . ($user // $e{guild} // '') };
        return 'H1' if ($scope eq 'user') != defined $user || ($scope eq 'guild') != defined $e{guild} || !$stored != defined $e{begins} || substr($e{begins} // $at, 1, 10) gt substr $at, 1, 10;
        return 'H2' if $e{used} * 100 < $e{most} * $e{percent} || $stored && $e{used} != ($user ? $own_bytes->{$user} // 0 : $all);
        return 'H3' if $last && !$stored && ($last->{window} gt $e{begins} || $last->{window} eq $e{begins} && $last->{percent} >= $e{percent});
        return 'H4' if $last && $stored && $e{percent} <= $last->{percent} && $last->{least} * 100 >= $e{most} * ($e{percent} - 5);
        $told->{ $e{limit_name} . ($user // $e{guild} // '') } = { window => $e{begins} // '', percent => $e{percent}, least => $e{used} } }
    elsif ($type eq 'MoreAsked') { my ($unit) = $e{limit_name} =~ /(\w+)"/; return 'Q1' if $e{unit} ne ($unit eq 'storage' ? '"bytes"' : "\"$unit\""); return 'Q2' if $asks->{$user} && $at lt days_after($asks->{$user}{since}, 7); $asks->{$user} = { %e, since => $at } }
    elsif ($type eq 'AskAnswered') { my $ask = delete $asks->{$user}; return 'Q3' if !$ask || $ask->{ask} ne $e{ask} || $at ge days_after($ask->{since}, 7);
        my $yes = $e{answer} eq '"approved"'; return 'Q3' if $yes != defined $e{amount} || $yes != defined $e{grant} || !$yes && defined $e{expires_at};
        $approved = join ' ', $user, $e{grant}, $ask->{unit}, $e{amount}, '"asked"', $e{expires_at} // '' if $yes }
    elsif ($type eq 'GrantVoided') { my $grant = $grants->{$user}{ $e{grant} }; return 'A18' if !$grant || $grant->{voided}++ }
    elsif ($type eq 'TierDefined') { if ($e{limits} eq 'null') { return 'T1' unless delete $tiers->{ $e{tier} }; delete $_->{ $e{tier} } for values %$assigned }
        else { $tiers->{ $e{tier} } = { map { $_ => 1 } $e{groups} =~ /"[^"]*"/g }; return 'T1' if keys %$tiers > 64 } } elsif ($type eq 'TierAssigned') {
        return 'T2' if !$tiers->{ $e{tier} } || $e{tier} eq '"everybody"'; $assigned->{$user}{ $e{tier} } = 1 } elsif ($type eq 'TierUnassigned') { return 'T3' unless delete $assigned->{$user}{ $e{tier} } } elsif ($type eq 'GroupsSeen') { for my $group ($e{groups} =~ /"[^"]*"/g) { return 'T4' unless grep { $_->{$group} } values %$tiers } }
    $all > 9223372036854775807 ? 'A13' : '' }

sub verify { my ($path) = @_; my $head = $path =~ s{[^/]*\z}{head}r; my $slots = (-e $head ? slurp($head) : '') . "\0" x 4608;
    ($at, $free, $cancel, $stands, $known, $resets, $all, $grants, $points, $claims, $offers, $marks, $earned, $nth, $tiers, $assigned, $owed, $own_bytes, $told, $asks, $approved) = ('', 'false', 0, {}, {}, {}, 0, {}, {}, {}, {}, {}, '', 0, {}, {}, '', {}, {}, {}, '');
    my $log = slurp($path); return ('damaged', 0, undef, 'header') unless $log =~ $header && $+[0] <= 512;
    my ($id, $end, $hash, $pos, $first, $last, $whole) = ($+{log}, $+[0], sha256(substr $log, 0, $+[0] - 1), 0, 0, 0, 0);
    my @slots = sort { $b->{counter} <=> $a->{counter} } map { substr($slots, $_, 512) =~ $slot && sha256_hex($+{sum}) eq $+{check} ? {%+} : () } 0, 4096;
    my ($m, $offset, $bad, $later, $wrong, @waiting, %at) = ($slots[0], $end, ''); $at{$end} = '0 ' . unpack 'H*', $hash; pos($log) = $end;
    while ($log =~ /\G([^\n]*\n)/gc) { my $line = $1; my $body = substr $line, 0, -76; my $next = sha256($hash . $body);
        my $ending = ',"hash":"' . unpack('H*', $next) . "\"}\n"; my ($data, %l) = $line =~ $event ? ($+[0], %+) : ();
        $bad = 'bad line', last unless $data && $line eq "$body$ending" && length $line <= 16777216 && $l{pos} == $pos + 1 && ($pos < $last ?
            "$l{first} $l{last}" eq "$first $last" : $l{first} == $l{pos} && $l{last} >= $l{pos} && $l{last} - $l{pos} < 100000)
            && eval { Encode::decode('UTF-8', my $copy = $line, Encode::FB_CROAK); 1 };
        ($pos, $first, $last, $hash, $offset) = (@l{qw(pos first last)}, $next, $offset + length $line); push @waiting, [$l{type}, substr($body, $data), $l{tags}];
        next if $pos < $last; $whole = $pos; $at{$offset} = "$pos " . unpack 'H*', $hash;
        while (my $event = shift @waiting) { $wrong ||= ($_ = broken(@$event)) && [$whole - @waiting, $_] } $wrong ||= $cancel && [$whole, 'A3'] || $owed && [$whole, 'P8'] || $approved && [$whole, 'Q4'] }
    $bad ||= $offset < length $log ? 'no end' : $pos < $last ? 'no whole batch' : ''; pos($log) = $offset;
    while ($bad && $log =~ /\G([^\n]*\n)/gc) { $later ||= $+{first} > $pos + 1 && $+{first} <= $+{pos} && $+{pos} <= $+{last} if length $1 <= 16777216 && $1 =~ /$place".*,"hash":"$sha"\}\n\z/n }
    return ('damaged', $whole, undef, 'head') if grep({ $_->{log} ne $id } @slots) || -e $head && !$m && $end < length $log; my $own = hmac_sha256('abby head 1', substr $::key // '', 0, 32); return ('damaged', $whole, undef, 'seal') if $m && $::key && ($m->{seal} ? $m->{seal} ne hmac_sha256_hex($m->{body}, $own) : 32 < length $::key);
    return ('damaged', $whole, $pos + 1, $bad eq 'bad line' ? 'cut' : 'older') if $m && ($m->{size} > length $log || $m->{position} > $whole);
    return ('damaged', $whole, $m->{position}, 'replaced') if $m && ($at{ $m->{size} } // '') ne "$m->{position} $m->{hash}"; return ('damaged', $whole, $m->{position} + 1, 'added') if $m && $m->{ended} && $m->{size} < length $log;
    return ('damaged', $whole, $pos + 1, 'later batch') if $later && !-e $path =~ s{[^/]*\z}{copy-of}r;
    $wrong ? ('damaged', $whole, @$wrong) : $bad ? ('torn', $whole, $pos + 1, $bad) : ('whole', $whole, undef, '') }
for my $file (@ARGV) { if ($file =~ /^--key=(.*)/s) { $::key = slurp($1); next } my ($result, $sum) = ([verify($file)], { image_bytes => 0, temp_bytes => 0, held_bytes => 0 });
    $sum->{ /^true/ ? 'temp_bytes' : 'image_bytes' } += $stands->{$_} for keys %$stands; $sum->{held_bytes} += $_->{open} * $_->{bytes_each} for values %$known; $sum->{points} = -($points->{mint} // 0);
    print JSON::PP->new->canonical->encode([@$result, $sum]), "\n" }
